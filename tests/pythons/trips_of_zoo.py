"""What the plugin says of each exception of the zoo: ``python trips_of_zoo.py RECEIVER...`` prints
JSON, a list of ``[receiver, name, arrives whole, text]``."""

import json
import sys

from zoo_of_pythons import subjects

from pytest_portable_errors import check_round_trip

if __name__ == "__main__":
    told = []
    for receiver in sys.argv[1:]:
        for name, exc in subjects().items():
            trip = check_round_trip(exc, serializer="pickle", receiver=receiver)
            told.append([receiver, name, trip.arrived_whole, str(trip)])
    print(json.dumps(told))
