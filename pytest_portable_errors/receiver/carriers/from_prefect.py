"""What Prefect does with the result of a run that failed."""

from .library import find

loads = find("prefect", "prefect.serializers", "PickleSerializer")().loads
loads_json = find("prefect", "prefect.serializers", "JSONSerializer")().loads
