"""Valid messages for every method that the server has: what mutants are made of."""

import pkgutil
import struct

import grpc

# The standard contracts are in packages grpc.health and grpc.reflection, but "grpc" is also the library: look in both.
grpc.__path__ = pkgutil.extend_path(grpc.__path__, grpc.__name__)

from grpc.health.v1 import health_pb2
from grpc.reflection.v1 import reflection_pb2

from mfn.v1 import (
    aggregation_service_pb2 as aggregation,
    feature_service_pb2 as features,
    features_pb2,
    field_pb2,
    fractal_service_pb2 as fractals,
    membrane_service_pb2 as membrane,
    run_pb2,
    run_service_pb2 as runs,
    simulation_pb2,
    simulation_service_pb2 as simulation,
    validation_service_pb2 as validation,
)

GRID = 8


def spec(**values):
    return simulation_pb2.SimulationSpec(grid_size=GRID, steps=5, seed=1, **values)


def field(rows=GRID, columns=GRID):
    values = struct.pack(f"<{rows * columns}d", *(-0.07 + 0.0001 * i for i in range(rows * columns)))
    return field_pb2.Field(rows=rows, columns=columns, encoding=field_pb2.FIELD_ENCODING_FLOAT64, values=values)


def seeds(run_id):
    """For each method's path: whether requests and answers are streams, and the requests of some valid calls. The run is there."""
    options = features_pb2.FeatureOptions(definition_version="5.0", min_box_size=2, scale_count=3, low_threshold_millivolts=-65)
    engine = simulation_pb2.EngineParameters(boundary=simulation_pb2.BOUNDARY_NEUMANN, activator_diffusion=0.1)
    engine_spec = spec(variant=simulation_pb2.SIMULATION_VARIANT_ENGINE, engine=engine)
    z_score = features_pb2.Normalization(z_score=features_pb2.ZScore(means=[0] * 57, standard_deviations=[1] * 57))
    frame = field()
    cut = field()
    cut.values = frame.values[:100]
    stop = run_pb2.StopCondition(after_step=20)
    change = run_pb2.ChangeParameters(alpha=0.1, spike_probability=0.2)
    region = run_pb2.Region(row=1, column=1, rows=4, columns=4)

    def command(name, **action):
        return runs.SteerRunRequest(run_id=run_id, command=run_pb2.RunCommand(command_id=name, **action))

    health, reflection = "/grpc.health.v1.Health/", "/grpc.reflection.v1.ServerReflection/"
    methods = {
        "/mfn.v1.SimulationService/Simulate": (False, False, [
            [simulation.SimulateRequest(spec=spec(alpha=0.2), field_encoding=1, features=options, fractal_dimension=True)],
            [simulation.SimulateRequest(spec=engine_spec)],
        ]),
        "/mfn.v1.SimulationService/StreamSimulation": (False, True, [
            [simulation.StreamSimulationRequest(spec=spec(), every_n_steps=2, field_encoding=2, features=options, analysis_in_frames=True)],
        ]),
        "/mfn.v1.RunService/CreateRun": (False, False, [
            [runs.CreateRunRequest(
                spec=spec(), steps_per_second=100, history_steps=10, paused=True, name="fuzz",
                initial_fields=runs.InitialFields(potential=frame))],
            [runs.CreateRunRequest(spec=simulation_pb2.SimulationSpec(grid_size=GRID), stop=stop, steps_per_second=100)],
        ]),
        "/mfn.v1.RunService/CreateRunStream": (True, False, [
            [
                runs.CreateRunStreamRequest(start=runs.CreateRunRequest(
                    spec=spec(), paused=True, initial_fields=runs.InitialFields(potential=cut))),
                runs.CreateRunStreamRequest(values=frame.values[100:]),
            ],
        ]),
        "/mfn.v1.RunService/GetRun": (False, False, [[runs.GetRunRequest(run_id=run_id)]]),
        "/mfn.v1.RunService/ListRuns": (False, False, [[runs.ListRunsRequest(page_size=2, page_token="123-" + run_id, state=1, name="fuzz")]]),
        "/mfn.v1.RunService/DeleteRun": (False, False, [[runs.DeleteRunRequest(run_id="0" * len(run_id))]]),
        "/mfn.v1.RunService/WatchRun": (False, True, [
            [runs.WatchRunRequest(
                run_id=run_id, from_step=0, every_n_steps=1, field_encoding=3, region=region, downsampling=2, key_frame_interval=5,
                statistics=True, features=options, delivery=4, backlog_frames=4)],
            [runs.WatchRunRequest(run_id=run_id, resume_token=bytes(94), delivery=2)],
        ]),
        "/mfn.v1.RunService/SteerRun": (True, True, [
            [
                command("pause", pause=run_pb2.Pause()),
                command("change", change_parameters=change),
                command("add", add_potential=run_pb2.AddPotential(region=region, millivolts=1)),
                command("go", resume=run_pb2.Resume()),
            ],
            [
                runs.SteerRunRequest(run_id=run_id, values_follow=True, command=run_pb2.RunCommand(command_id="replace", replace_potential=cut)),
                runs.SteerRunRequest(values=frame.values[100:]),
                command("step", take_steps=run_pb2.TakeSteps(steps=2)),
            ],
        ]),
        "/mfn.v1.RunService/ForkRun": (False, False, [[runs.ForkRunRequest(run_id=run_id, step=1, changes=change, stop=stop, paused=True, history_steps=5)]]),
        "/mfn.v1.RunService/ExportRun": (False, True, [[runs.ExportRunRequest(run_id=run_id, step=1)]]),
        "/mfn.v1.RunService/ImportRun": (True, False, [
            [runs.ImportRunRequest(start=runs.ImportRunStart(paused=True, name="imported", stop=stop)), runs.ImportRunRequest(chunk=b"MFNC" + bytes(200))],
        ]),
        "/mfn.v1.FeatureService/DescribeFeatures": (False, False, [[features.DescribeFeaturesRequest()]]),
        "/mfn.v1.FeatureService/ExtractFeatures": (False, False, [
            [features.ExtractFeaturesRequest(frames=[frame, frame], options=options, normalization=z_score)],
        ]),
        "/mfn.v1.FeatureService/StreamFeatures": (True, True, [
            [
                features.StreamFeaturesRequest(start=features.StreamFeaturesStart(options=options, every_n_frames=1)),
                features.StreamFeaturesRequest(frame=cut),
                features.StreamFeaturesRequest(values=frame.values[100:]),
                features.StreamFeaturesRequest(frame=frame),
            ],
        ]),
        "/mfn.v1.FractalService/ComputeBoxCountingDimension": (False, False, [
            [fractals.ComputeBoxCountingDimensionRequest(field=frame, threshold_millivolts=-66, definition_version="5.0", min_box_size=1, max_box_size=4, scale_count=3)],
        ]),
        "/mfn.v1.FractalService/ComputeBoxCountingDimensionStream": (True, False, [
            [
                fractals.ComputeBoxCountingDimensionStreamRequest(start=fractals.ComputeBoxCountingDimensionRequest(field=cut)),
                fractals.ComputeBoxCountingDimensionStreamRequest(values=frame.values[100:]),
            ],
        ]),
        "/mfn.v1.FractalService/GenerateIteratedFunctionSystem": (False, False, [
            [fractals.GenerateIteratedFunctionSystemRequest(seed=3, point_count=1000, map_count=3, with_points=True)],
        ]),
        "/mfn.v1.FractalService/ComputeHistoryStability": (False, False, [
            [fractals.ComputeHistoryStabilityRequest(frames=[frame, field(), frame], time_step=0.5)],
        ]),
        "/mfn.v1.FractalService/ComputeHistoryStabilityStream": (True, False, [
            [
                fractals.ComputeHistoryStabilityStreamRequest(start=fractals.ComputeHistoryStabilityStreamStart(time_step=2)),
                fractals.ComputeHistoryStabilityStreamRequest(frame=cut),
                fractals.ComputeHistoryStabilityStreamRequest(values=frame.values[100:]),
            ],
        ]),
        "/mfn.v1.MembraneService/ComputeNernstPotential": (False, False, [
            [membrane.ComputeNernstPotentialRequest(valence=1, outside_molar=0.005, inside_molar=0.14, temperature_kelvin=310)],
        ]),
        "/mfn.v1.MembraneService/ComputeGoldmanPotential": (False, False, [
            [membrane.ComputeGoldmanPotentialRequest(
                ions=[membrane.PermeantIon(valence=1, permeability=1, outside_molar=0.005, inside_molar=0.14)] * 2, temperature_kelvin=300)],
        ]),
        "/mfn.v1.ValidationService/Validate": (False, False, [
            [validation.ValidateRequest(seed=1, epochs=1, batch_size=2, grid_size=GRID, steps=2)],
        ]),
        "/mfn.v1.AggregationService/Aggregate": (False, False, [[_round(rule)] for rule in _rules()]),
        "/mfn.v1.AggregationService/AggregateStream": (True, True, [
            [
                aggregation.AggregateStreamRequest(spec=_round(_rules()[0]).spec, update_count=2, declarations=[
                    aggregation.UpdateDeclaration(client_id=name, length=4, claimed_weight=1) for name in "ab"]),
                aggregation.AggregateStreamRequest(chunks=[
                    aggregation.UpdateChunk(client_id=name, values=struct.pack("<4f", 1, 2, 3, 4)) for name in "ab"]),
            ],
        ]),
        health + "Check": (False, False, [[health_pb2.HealthCheckRequest(service="mfn.v1.RunService")]]),
        health + "Watch": (False, True, [[health_pb2.HealthCheckRequest(service="mfn.v1.RunService")]]),
        reflection + "ServerReflectionInfo": (True, True, [
            [
                reflection_pb2.ServerReflectionRequest(host="x", list_services="*"),
                reflection_pb2.ServerReflectionRequest(file_by_filename="mfn/v1/run.proto"),
                reflection_pb2.ServerReflectionRequest(file_containing_symbol="mfn.v1.RunService"),
                reflection_pb2.ServerReflectionRequest(
                    file_containing_extension=reflection_pb2.ExtensionRequest(containing_type="mfn.v1.Run", extension_number=1)),
            ],
        ]),
    }
    methods[reflection.replace("v1", "v1alpha") + "ServerReflectionInfo"] = methods[reflection + "ServerReflectionInfo"]
    return methods


def _rules():
    rule = aggregation.AggregationRule
    return [
        rule(median=aggregation.MedianRule()),
        rule(krum=aggregation.KrumRule(variant=1)),
        rule(multi_krum=aggregation.MultiKrumRule(kept_count=2)),
        rule(hierarchical_krum=aggregation.HierarchicalKrumRule(cluster_count=2, seed=1)),
        rule(bulyan=aggregation.BulyanRule()),
        rule(trimmed_mean=aggregation.TrimmedMeanRule()),
        rule(geometric_median=aggregation.GeometricMedianRule(tolerance=1e-6, max_step_count=20)),
        rule(centered_clipping=aggregation.CenteredClippingRule(radius=1, step_count=2, start=struct.pack("<4f", 0, 0, 0, 0))),
        rule(minimum_diameter_averaging=aggregation.MinimumDiameterAveragingRule()),
    ]


def _round(rule):
    updates = [
        aggregation.ClientUpdate(client_id=f"client-{i}", values=struct.pack("<4f", i, 1, 2, 3), claimed_weight=1) for i in range(9)
    ]
    pre = [aggregation.PreAggregation(norm_clipping=aggregation.NormClipping(norm=10)), aggregation.PreAggregation(bucketing=aggregation.Bucketing(bucket_size=1, seed=2))]
    admission = aggregation.AdmissionPolicy(norm_cap=100, max_weight=2)
    return aggregation.AggregateRequest(
        spec=aggregation.AggregationSpec(length=4, encoding=1, byzantine_count=1, rule=rule, pre_aggregations=pre, admission=admission), updates=updates)
