"""The code that protoc generated from the contract files."""

import pkgutil

import grpc

# The standard contracts are in packages grpc.health and grpc.reflection, but "grpc" is also the library: look in both.
grpc.__path__ = pkgutil.extend_path(grpc.__path__, grpc.__name__)

from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc.health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc.health.v1.health_pb2_grpc import HealthStub
from grpc.reflection.v1.reflection_pb2 import ServerReflectionRequest
from grpc.reflection.v1.reflection_pb2_grpc import ServerReflectionStub
from mfn.v1 import aggregation_service_pb2 as aggregation
from mfn.v1 import field_pb2
from mfn.v1 import membrane_service_pb2 as membrane
from mfn.v1 import run_pb2
from mfn.v1 import run_service_pb2 as runs
from mfn.v1 import simulation_pb2
from mfn.v1 import simulation_service_pb2 as simulation
from mfn.v1.aggregation_service_pb2_grpc import AggregationServiceStub
from mfn.v1.membrane_service_pb2_grpc import MembraneServiceStub
from mfn.v1.run_service_pb2_grpc import RunServiceStub
from mfn.v1.simulation_service_pb2_grpc import SimulationServiceStub

__all__ = [
    "AggregationServiceStub",
    "BadRequest",
    "ErrorInfo",
    "HealthCheckRequest",
    "HealthCheckResponse",
    "HealthStub",
    "MembraneServiceStub",
    "RetryInfo",
    "RunServiceStub",
    "ServerReflectionRequest",
    "ServerReflectionStub",
    "SimulationServiceStub",
    "Status",
    "aggregation",
    "field_pb2",
    "membrane",
    "run_pb2",
    "runs",
    "simulation",
    "simulation_pb2",
]
