using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Simulation;

public sealed class SimulateTests
{
    [Theory]
    [InlineData("model_00")]
    [InlineData("model_04")]
    [InlineData("model_09")]
    [InlineData("model_25")]
    public async Task Simulate_ModelRunOfTheReference_HasTheSameBits(string id)
    {
        var (inputs, outputs) = GoldenFile.Case("field_model.json", id);
        await using var server = await TestServer.StartAsync();

        var response = await server.Simulation.SimulateAsync(new SimulateRequest
        {
            Spec = new SimulationSpec
            {
                GridSize = inputs.GetProperty("grid_size").GetInt32(),
                Steps = inputs.GetProperty("steps").GetInt32(),
                Seed = inputs.GetProperty("seed").GetInt64(),
                Alpha = inputs.GetProperty("alpha").GetDouble(),
                SpikeProbability = inputs.GetProperty("spike_probability").GetDouble(),
                TuringEnabled = inputs.GetProperty("turing_enabled").GetBoolean(),
                TuringThreshold = inputs.GetProperty("turing_threshold").GetDouble(),
                JitterEnabled = inputs.GetProperty("quantum_jitter").GetBoolean(),
                JitterVarianceVoltsSquared = inputs.GetProperty("jitter_var").GetDouble(),
            },
            FieldEncoding = FieldEncoding.Float64,
        });

        var expected = outputs.GetProperty("stats");
        Assert.Equal(outputs.GetProperty("field_sha256").GetString(), Hash(response.Field));
        Assert.Equal(outputs.GetProperty("growth_events").GetInt64(), response.Summary.GrowthEventCount);
        Assert.Equal(expected.GetProperty("pot_min_mV").GetDouble(), response.Summary.Statistics.MinPotentialMillivolts);
        Assert.Equal(expected.GetProperty("pot_max_mV").GetDouble(), response.Summary.Statistics.MaxPotentialMillivolts);
        Assert.Equal(expected.GetProperty("pot_mean_mV").GetDouble(), response.Summary.Statistics.MeanPotentialMillivolts);
        Assert.Equal(expected.GetProperty("pot_std_mV").GetDouble(), response.Summary.Statistics.PotentialStandardDeviationMillivolts);
    }

    [Theory]
    [InlineData("engine_15")]
    [InlineData("engine_17")]
    [InlineData("engine_21")]
    public async Task Simulate_EngineRunOfTheReference_HasTheSameBits(string id)
    {
        var (inputs, outputs) = GoldenFile.Case("field_engine.json", id);
        double Number(string name, double otherwise) => inputs.TryGetProperty(name, out var value) ? value.GetDouble() : otherwise;
        await using var server = await TestServer.StartAsync();

        var response = await server.Simulation.SimulateAsync(new SimulateRequest
        {
            Spec = new SimulationSpec
            {
                Variant = SimulationVariant.Engine,
                GridSize = inputs.GetProperty("grid_size").GetInt32(),
                Steps = inputs.GetProperty("steps").GetInt32(),
                Seed = inputs.GetProperty("seed").GetInt64(),
                TuringThreshold = Number("turing_threshold", 0.75),
                JitterEnabled = inputs.TryGetProperty("quantum_jitter", out var jitter) && jitter.GetBoolean(),
                JitterVarianceVoltsSquared = Number("jitter_var", 0.0005),
                Engine = new EngineParameters
                {
                    Boundary = Enum.Parse<Boundary>(inputs.GetProperty("boundary_condition").GetString()!, ignoreCase: true),
                    ActivatorDiffusion = Number("d_activator", 0.1),
                    InhibitorDiffusion = Number("d_inhibitor", 0.05),
                    ActivatorRate = Number("r_activator", 0.01),
                    InhibitorRate = Number("r_inhibitor", 0.02),
                },
            },
            FieldEncoding = FieldEncoding.Float64,
        });

        var expected = outputs.GetProperty("metrics");
        Assert.Equal(outputs.GetProperty("field_sha256").GetString(), Hash(response.Field));
        Assert.Equal(expected.GetProperty("turing_activations").GetInt64(), response.Summary.TuringActivationCount);
        Assert.Equal(expected.GetProperty("clamping_events").GetInt64(), response.Summary.ClampingEventCount);
        Assert.Equal(expected.GetProperty("activator_mean").GetDouble(), response.Summary.MeanActivator);
        Assert.Equal(expected.GetProperty("inhibitor_mean").GetDouble(), response.Summary.MeanInhibitor);
    }

    [Fact]
    public async Task Simulate_EmptyRequest_RunsTheDefaultsAndSaysWhatTheyWere()
    {
        await using var server = await TestServer.StartAsync();

        var first = await server.Simulation.SimulateAsync(new SimulateRequest());
        var again = await server.Simulation.SimulateAsync(new SimulateRequest { Spec = first.Summary.Spec });

        Assert.Equal(
            new SimulationSpec
            {
                Variant = SimulationVariant.Model,
                GridSize = 64,
                Steps = 64,
                Seed = 42,
                Alpha = 0.18,
                SpikeProbability = 0.25,
                TuringEnabled = true,
                TuringThreshold = 0.75,
                JitterEnabled = false,
                JitterVarianceVoltsSquared = 0.0005,
                Precision = Precision.Binary64,
            },
            first.Summary.Spec);
        Assert.Equal(first, again);
        Assert.Null(first.Field);
    }

    [Fact]
    public async Task Simulate_EngineOrUnstableSpec_ComesBackWholeAndRunsAgain()
    {
        await using var server = await TestServer.StartAsync();
        foreach (var spec in new[]
        {
            new SimulationSpec { Alpha = 1.0, AllowUnstable = true, GridSize = 8, Steps = 3, TuringEnabled = false },
            new SimulationSpec { Variant = SimulationVariant.Engine, GridSize = 8, Steps = 3, Engine = new EngineParameters { Boundary = Boundary.Dirichlet, ActivatorRate = 0.1 } },
        })
        {
            var first = await server.Simulation.SimulateAsync(new SimulateRequest { Spec = spec, FieldEncoding = FieldEncoding.Float64 });
            var again = await server.Simulation.SimulateAsync(new SimulateRequest { Spec = first.Summary.Spec, FieldEncoding = FieldEncoding.Float64 });

            Assert.Equal(first, again);
            Assert.Equal(spec.Variant == SimulationVariant.Engine, first.Summary.HasMeanActivator);
            Assert.Equal(spec.Variant == SimulationVariant.Engine, first.Summary.HasMeanInhibitor);
        }
    }

    [Fact]
    public async Task Simulate_SinglePrecision_IsTheRoundedField()
    {
        await using var server = await TestServer.StartAsync();
        var spec = new SimulationSpec { GridSize = 9, Steps = 5 };

        var doubles = (await server.Simulation.SimulateAsync(new SimulateRequest { Spec = spec, FieldEncoding = FieldEncoding.Float64 })).Field;
        var singles = (await server.Simulation.SimulateAsync(new SimulateRequest { Spec = spec, FieldEncoding = FieldEncoding.Float32 })).Field;

        Assert.Equal((9, 9, FieldEncoding.Float32, 81 * 4), (singles.Rows, singles.Columns, singles.Encoding, singles.Values.Length));
        Assert.Equal((FieldEncoding.Float64, 81 * 8), (doubles.Encoding, doubles.Values.Length));
        for (var i = 0; i < 81; i++)
        {
            Assert.Equal(
                (float)BinaryPrimitives.ReadDoubleLittleEndian(doubles.Values.Span[(8 * i)..]),
                BinaryPrimitives.ReadSingleLittleEndian(singles.Values.Span[(4 * i)..]));
        }
    }

    [Fact]
    public async Task Simulate_LargestGrid_FitsIntoAMessage()
    {
        await using var server = await TestServer.StartAsync();

        var response = await server.Simulation.SimulateAsync(new SimulateRequest
        {
            Spec = new SimulationSpec { GridSize = 1024, Steps = 1 },
            FieldEncoding = FieldEncoding.Float64,
        });

        Assert.Equal(8 * 1024 * 1024, response.Field.Values.Length);
    }

    [Fact]
    public async Task Simulate_SinglePrecision_ComputesOnSinglesFromTheSameDraws()
    {
        await using var server = await TestServer.StartAsync();
        var spec = new SimulationSpec { GridSize = 300, Steps = 40, Precision = Precision.Binary32 };
        var doubleSpec = spec.Clone();
        doubleSpec.Precision = Precision.Binary64;

        var singles = await server.Simulation.SimulateAsync(new SimulateRequest { Spec = spec, FieldEncoding = FieldEncoding.Float64 });
        var doubles = await server.Simulation.SimulateAsync(new SimulateRequest { Spec = doubleSpec, FieldEncoding = FieldEncoding.Float64 });

        var narrow = await server.Simulation.SimulateAsync(new SimulateRequest { Spec = spec, FieldEncoding = FieldEncoding.Float32 });

        var computed = MemoryMarshal.Cast<byte, double>(singles.Field.Values.Span).ToArray();
        Assert.Equal(computed.Select(cell => (float)cell), MemoryMarshal.Cast<byte, float>(narrow.Field.Values.Span).ToArray());
        Assert.All(computed, cell => Assert.Equal(cell, (double)(float)cell));
        Assert.NotEqual(doubles.Field, singles.Field);
        Assert.Equal(doubles.Summary.GrowthEventCount, singles.Summary.GrowthEventCount);
        Assert.Equal(doubles.Summary.Statistics.MeanPotentialMillivolts, singles.Summary.Statistics.MeanPotentialMillivolts, tolerance: 1e-3);
        Assert.Equal(Precision.Binary32, singles.Summary.Spec.Precision);
        Assert.Equal(Precision.Binary64, doubles.Summary.Spec.Precision);
    }

    private static string Hash(Field field) => Convert.ToHexStringLower(SHA256.HashData(field.Values.Span));
}
