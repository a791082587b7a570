"""What Prefect does with the result of a run that failed."""

from .library import find

find("prefect", "prefect.serializers", "PickleSerializer.loads")
find("prefect", "prefect.serializers", "JSONSerializer.loads")
loads = find("prefect", "prefect.serializers", "PickleSerializer")().loads
loads_json = find("prefect", "prefect.serializers", "JSONSerializer")().loads
