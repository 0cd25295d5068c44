import unittest

import grpc

from contracts import BadRequest, MembraneServiceStub, membrane
from server import TIMEOUT, assert_refused, connect, error_detail


class ComputeNernstPotentialTests(unittest.TestCase):
    def setUp(self):
        self.client = MembraneServiceStub(connect(self))

    def compute(self, **request):
        return self.client.ComputeNernstPotential(membrane.ComputeNernstPotentialRequest(**request), timeout=TIMEOUT)

    def test_potassium_is_the_textbook_value(self):
        response = self.compute(outside_molar=0.005, inside_molar=0.14)

        self.assertAlmostEqual(response.potential_millivolts, -89.01066911987907, delta=1e-10)
        self.assertFalse(response.outside_raised_to_floor or response.inside_raised_to_floor)

    def test_calcium_is_exact_or_says_that_the_references_floor_was_used(self):
        exact = self.compute(valence=2, outside_molar=0.002, inside_molar=1e-7)
        response = self.compute(valence=2, outside_molar=0.002, inside_molar=1e-7, reference_floor=True)

        self.assertAlmostEqual(exact.potential_millivolts, 132.272201628, delta=1e-8)

        self.assertAlmostEqual(response.potential_millivolts, 101.51859103677918, delta=1e-10)
        self.assertTrue(response.inside_raised_to_floor and not response.outside_raised_to_floor)

    def test_empty_request_is_refused_with_what_it_lacks(self):
        error = assert_refused(self, self.compute)

        bad_request = error_detail(self, error, BadRequest)
        self.assertEqual(error.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(
            [violation.field for violation in bad_request.field_violations], ["outside_molar", "inside_molar"]
        )
