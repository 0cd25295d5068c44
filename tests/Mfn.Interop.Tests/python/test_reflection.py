import unittest

import grpc
from google.protobuf import descriptor_database, descriptor_pb2, descriptor_pool, message_factory

from contracts import ServerReflectionRequest, ServerReflectionStub, SimulationServiceStub, field_pb2, simulation, simulation_pb2
from server import TIMEOUT, connect

SERVICE = "mfn.v1.SimulationService"


class ReflectionTests(unittest.TestCase):
    def setUp(self):
        self.channel = connect(self)

    def ask(self, **request):
        stub = ServerReflectionStub(self.channel)
        (answer,) = stub.ServerReflectionInfo(iter([ServerReflectionRequest(**request)]), timeout=TIMEOUT)
        return answer

    def test_list_services_names_all_services(self):
        answer = self.ask(list_services="")

        self.assertEqual(
            sorted(service.name for service in answer.list_services_response.service),
            [
                "grpc.health.v1.Health",
                "grpc.reflection.v1.ServerReflection",
                "grpc.reflection.v1alpha.ServerReflection",
                "mfn.v1.AggregationService",
                "mfn.v1.FeatureService",
                "mfn.v1.FractalService",
                "mfn.v1.MembraneService",
                "mfn.v1.RunService",
                SERVICE,
                "mfn.v1.ValidationService",
            ],
        )

    def test_unknown_symbol_is_not_found(self):
        error = self.ask(file_containing_symbol="mfn.v1.Nothing").error_response

        self.assertEqual(error.error_code, grpc.StatusCode.NOT_FOUND.value[0])

    def test_answer_makes_a_client_that_simulates_like_one_of_the_contract_files(self):
        answer = self.ask(file_containing_symbol=SERVICE)

        # A pool of its own, so that nothing comes from the generated code. A database, because a pool alone wants every
        # file after those that it imports.
        database = descriptor_database.DescriptorDatabase()
        for file in answer.file_descriptor_response.file_descriptor_proto:
            database.Add(descriptor_pb2.FileDescriptorProto.FromString(file))
        method = descriptor_pool.DescriptorPool(database).FindServiceByName(SERVICE).FindMethodByName("Simulate")
        messages = message_factory.MessageFactory(method.containing_service.file.pool)
        request_class = messages.GetPrototype(method.input_type)
        response_class = messages.GetPrototype(method.output_type)
        simulate = self.channel.unary_unary(
            f"/{SERVICE}/{method.name}",
            request_serializer=request_class.SerializeToString,
            response_deserializer=response_class.FromString,
        )
        response = simulate(
            request_class(spec={"grid_size": 12, "steps": 9}, field_encoding="FIELD_ENCODING_FLOAT64"), timeout=TIMEOUT
        )

        generated = SimulationServiceStub(self.channel).Simulate(
            simulation.SimulateRequest(
                spec=simulation_pb2.SimulationSpec(grid_size=12, steps=9), field_encoding=field_pb2.FIELD_ENCODING_FLOAT64
            ),
            timeout=TIMEOUT,
        )
        self.assertEqual(str(response), str(generated))
        self.assertEqual(len(response.field.values), 12 * 12 * 8)
        self.assertIsNot(response_class, simulation.SimulateResponse)
