"""``python -m dispatcher.service.nodes_process DESCRIPTOR``: run the nodes of a service; for the service alone."""

import socket
import sys

from dispatcher.service.nodes_process.channel import Channel
from dispatcher.service.nodes_process.serving import serve

if __name__ == "__main__":
    serve(Channel(socket.socket(fileno=int(sys.argv[1]))))
