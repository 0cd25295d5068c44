import array
import unittest

import grpc

from contracts import AggregationServiceStub, ErrorInfo, aggregation
from server import TIMEOUT, assert_refused, connect, error_detail

# The example in ByzFL's documentation.
RAMP = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


class AggregationTests(unittest.TestCase):
    def setUp(self):
        self.client = AggregationServiceStub(connect(self))

    def test_published_example_is_aggregated_as_published(self):
        request = aggregation.AggregateRequest(
            spec=spec(multi_krum=aggregation.MultiKrumRule(variant=aggregation.KRUM_VARIANT_BYZFL_COMPAT)),
            updates=[
                aggregation.ClientUpdate(client_id=str(i), values=packed("f", row)) for i, row in enumerate(RAMP)
            ],
        )

        response = self.client.Aggregate(request, timeout=TIMEOUT)

        self.assertEqual(list(array.array("f", response.values)), [2.5, 3.5, 4.5])
        self.assertEqual(sorted(response.decision.selected), ["0", "1"])
        self.assertEqual(response.decision.excluded[0].client_id, "2")

    def test_stream_of_interleaved_chunks_of_doubles_has_the_decision_then_the_aggregate(self):
        def requests():
            yield aggregation.AggregateStreamRequest(
                spec=spec(encoding=aggregation.VECTOR_ENCODING_FLOAT64, median=aggregation.MedianRule())
            )
            for i, row in enumerate(RAMP + [[1e200, 0, 0]]):
                yield aggregation.AggregateStreamRequest(
                    declarations=[aggregation.UpdateDeclaration(client_id=str(i), length=3)]
                )
            for start in range(0, 24, 7):
                for i, row in enumerate(RAMP + [[1e200, 0, 0]]):
                    chunk = aggregation.UpdateChunk(client_id=str(i), values=packed("d", row)[start : start + 7])
                    yield aggregation.AggregateStreamRequest(chunks=[chunk])

        decision, vector = aggregation.AggregationDecision(), array.array("f")
        for response in self.client.AggregateStream(requests(), timeout=TIMEOUT):
            if response.HasField("decision"):
                decision.MergeFrom(response.decision)
            else:
                self.assertEqual(response.chunk.offset, len(vector))
                vector.frombytes(response.chunk.values)

        self.assertEqual(list(vector), [4, 5, 6])
        self.assertEqual((decision.received_count, decision.update_count), (4, 3))
        self.assertEqual(
            [(each.client_id, each.reason) for each in decision.excluded],
            [("3", aggregation.EXCLUSION_REASON_OUT_OF_RANGE)],
        )

    def test_too_few_updates_are_refused_with_the_numbers(self):
        request = aggregation.AggregateRequest(spec=spec(bulyan=aggregation.BulyanRule()))

        error = assert_refused(self, lambda: self.client.Aggregate(request, timeout=TIMEOUT))

        self.assertEqual(error.code(), grpc.StatusCode.FAILED_PRECONDITION)
        info = error_detail(self, error, ErrorInfo)
        self.assertEqual(dict(info.metadata), {"rule": "bulyan", "n": "0", "f": "1"})


def spec(encoding=aggregation.VECTOR_ENCODING_UNSPECIFIED, **rule):
    return aggregation.AggregationSpec(
        length=3, byzantine_count=1, encoding=encoding, rule=aggregation.AggregationRule(**rule)
    )


def packed(typecode, components):
    return array.array(typecode, components).tobytes()
