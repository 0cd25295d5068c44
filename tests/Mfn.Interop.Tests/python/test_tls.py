import unittest

import grpc

from contracts import SimulationServiceStub, simulation
from server import TIMEOUT, TLS, assert_refused, certificate, connect


class MutualTlsTests(unittest.TestCase):
    def simulate(self, credentials):
        client = SimulationServiceStub(connect(self, TLS, credentials))
        return client.Simulate(simulation.SimulateRequest(), timeout=TIMEOUT)

    def assert_unavailable(self, credentials):
        error = assert_refused(self, lambda: self.simulate(credentials))
        self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)

    def test_client_of_the_authority_is_served(self):
        self.assertEqual(self.simulate(tls("authority", "client")).summary.spec.steps, 64)

    def test_client_without_a_certificate_is_turned_away(self):
        self.assert_unavailable(tls("authority"))

    def test_client_with_a_strangers_certificate_is_turned_away(self):
        self.assert_unavailable(tls("authority", "stranger-client"))

    def test_client_that_trusts_another_authority_turns_away(self):
        self.assert_unavailable(tls("stranger", "client"))

    def test_client_without_tls_is_turned_away(self):
        self.assert_unavailable(None)


def tls(authority, client=None):
    if client is None:
        return grpc.ssl_channel_credentials(certificate(f"{authority}.pem"))
    return grpc.ssl_channel_credentials(
        certificate(f"{authority}.pem"), certificate(f"{client}.key"), certificate(f"{client}.pem")
    )
