using Google.Protobuf;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Core.Kinetics;
using Mfn.Core.Steering;
using Boundary = Mfn.Contracts.V1.Boundary;
using KineticsParameter = Mfn.Contracts.V1.KineticsParameter;
using SpeciesBoundary = Mfn.Contracts.V1.SpeciesBoundary;

namespace Mfn.Server.Tests.Runs;

/// <summary>All that runs have, for each kinetics: on a rectangle with a mask, noise and a rim, in both precisions.</summary>
public sealed class KineticsRunTests
{
    private const int Rows = 11;
    private const int Columns = 18;
    private const int LastStep = 12;

    public static TheoryData<string, Precision> Cases
    {
        get
        {
            var data = new TheoryData<string, Precision>();
            foreach (var (i, model) in KineticsModel.All.Index())
            {
                data.Add(model.Name, i % 2 == 0 ? Precision.Binary64 : Precision.Binary32);
            }

            return data;
        }
    }

    /// <summary>Steered, watched, forked, exported, imported and taken up by another server: the bits are those of the simulation alone.</summary>
    [Theory, MemberData(nameof(Cases))]
    public async Task Run_OfAnyKinetics_HasTheBitsOfTheSimulation(string name, Precision precision)
    {
        using var servers = new DurableServers();
        var spec = SpecOf(name, precision);
        var expected = Simulated(spec, KineticsModel.Find(name)!);
        string runId;
        await using (var server = await servers.StartAsync())
        {
            using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
            var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = spec, Paused = true, Stop = new StopCondition { AfterStep = LastStep } });
            runId = run.RunId;
            await SteerAsync(client, runId, KineticsModel.Find(name)!);
            await AssertWatchedAsync(client, run, KineticsModel.Find(name)!);
            await AssertCopiedAsync(client, runId, spec, expected);
            await server.StopAsync();
        }

        await using (var server = await servers.StartAsync())
        {
            using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
            Assert.Equal(expected, await ExportedAsync(client, runId));
        }
    }

    [Fact]
    public async Task Steer_WhatTheReferenceHas_IsRefusedByName()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = SpecOf("schnakenberg", Precision.Binary64), Paused = true });
        using var steering = client.Runs.Steer(run.RunId);

        Assert.Equal(
            "command.change_parameters.alpha must not be set for a run of kinetics; use kinetics. command.change_parameters.kinetics[0].name must be a parameter of schnakenberg: a, b, diffusion_ratio (d); but was 'F'.",
            await RefusalAsync(new RunCommand { ChangeParameters = new ChangeParameters { Alpha = 0.1, Kinetics = { new KineticsParameter { Name = "F", Value = 1 } } } }));
        Assert.Contains(
            "command.change_parameters.kinetics must keep the time step stable",
            await RefusalAsync(new RunCommand { ChangeParameters = new ChangeParameters { Kinetics = { new KineticsParameter { Name = "d", Value = 1e6 } } } }),
            StringComparison.Ordinal);
        Assert.StartsWith(
            "command.add_potential must not be sent to a run with kinetics; use add_to_species.",
            await RefusalAsync(new RunCommand { AddPotential = new AddPotential { Millivolts = 1, Region = new Region { Rows = 1, Columns = 1 } } }),
            StringComparison.Ordinal);
        Assert.Equal(
            "command.add_to_species.species must be 'u', 'v' or a number from 0 to 1, but was 'w'.",
            await RefusalAsync(new RunCommand { AddToSpecies = new AddToSpecies { Species = "w", Region = new Region { Rows = 1, Columns = 1 } } }));
        Assert.Equal(0, (await client.Runs.GetAsync(run.RunId)).Revision);

        async Task<string> RefusalAsync(RunCommand command) => (await steering.SendAsync(command)).Refused.Message;
    }

    [Fact]
    public async Task Create_InitialSpeciesAndSteadyState_StopsWithThem()
    {
        await using var server = await TestServer.StartAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        var spec = new SimulationSpec { GrayScott = new Contracts.V1.GrayScott(), Domain = new Domain { Rows = 4, Columns = 6 } };
        ReadOnlySpan<double> ones = [.. Enumerable.Repeat(1.0, 24)];
        var (u, v) = (ones.ToField(4, 6), new double[24].AsSpan().ToArray());
        var run = await client.Runs.CreateAsync(new CreateRunRequest
        {
            Spec = spec,
            InitialFields = new Contracts.V1.InitialFields { Species = { u, ((ReadOnlySpan<double>)v).ToField(4, 6) } },
            Stop = new StopCondition { SteadyState = new SteadyState { EveryNSteps = 3 } },
        });

        var frames = await FramesAsync(client, new WatchRunRequest { RunId = run.RunId, FromStep = 0, FieldEncoding = FieldEncoding.Float64 });

        Assert.Equal(3, frames[^1].Position.Step);
        Assert.Equal(Enumerable.Repeat(1.0, 24), frames[^1].Cells.ToArray());
    }

    private static SimulationSpec SpecOf(string name, Precision precision)
    {
        var field = SimulationSpec.Descriptor.FindFieldByName(name.Replace('-', '_'));
        var mask = Enumerable.Repeat((byte)0xFF, ((Rows * Columns) + 7) / 8).ToArray();
        mask[3] = 0x0F;
        mask[^1] = unchecked((byte)(0xFF << (8 - ((Rows * Columns) % 8))));
        var wire = new SimulationSpec
        {
            Precision = precision,
            Seed = 7,
            Domain = new Domain { Rows = Rows, Columns = Columns, Boundaries = { new SpeciesBoundary { Kind = Boundary.Neumann } }, Mask = ByteString.CopyFrom(mask) },
            Noise = new Noise { Additive = { KineticsModel.Find(name)!.Species.Select(_ => 0.01) } },
        };
        field.Accessor.SetValue(wire, field.MessageType.Parser.ParseFrom(ByteString.Empty));
        return wire;
    }

    private static async Task<byte[]> ExportedAsync(MfnClient client, string runId)
    {
        using var stream = new MemoryStream();
        await client.Runs.ExportAsync(new ExportRunRequest { RunId = runId }, stream);
        return stream.ToArray();
    }

    private static async Task ApplyAsync(RunSteering steering, RunCommand command) =>
        Assert.Equal(SteerRunResponse.OutcomeOneofCase.Applied, (await steering.SendAsync(command)).OutcomeCase);

    private static async Task<List<FrameEvent>> FramesAsync(MfnClient client, WatchRunRequest request)
    {
        var frames = new List<FrameEvent>();
        await foreach (var one in client.Runs.WatchAsync(request))
        {
            if (one is FrameEvent frame)
            {
                frames.Add(frame);
            }
        }

        return frames;
    }

    private static double Changed(KineticsModel model) => model.Parameters[0].Default + 0.001;

    /// <summary>The checkpoint of the simulation alone, with the changes that <see cref="SteerAsync"/> makes.</summary>
    private static byte[] Simulated(SimulationSpec spec, KineticsModel model)
    {
        using var simulation = new SteeredSimulation(spec.ToCore());
        simulation.Apply(new ParameterChange { Kinetics = new ParameterChange().Kinetics.Add(model.Parameters[0].Symbol, Changed(model)) });
        var others = simulation.Capture().State.Species.RemoveAt(model.Species.Length - 1);
        simulation.Apply(new FieldAddition(1, 2, 3, 4, 0.125) { Species = model.Species.Length - 1 });
        Assert.All(others.Zip(simulation.Capture().State.Species), pair => Assert.Equal(pair.First.AsEnumerable(), pair.Second.AsEnumerable()));
        simulation.Advance(LastStep);
        return simulation.Capture().ToBytes();
    }

    private static async Task SteerAsync(MfnClient client, string runId, KineticsModel model)
    {
        using (var steering = client.Runs.Steer(runId))
        {
            await ApplyAsync(steering, new RunCommand { ChangeParameters = new ChangeParameters { Kinetics = { new KineticsParameter { Name = model.Parameters[0].Name, Value = Changed(model) } } } });
            await ApplyAsync(steering, new RunCommand
            {
                AddToSpecies = new AddToSpecies { Species = model.Species[^1], Amount = 0.125, Region = new Region { Row = 1, Column = 2, Rows = 3, Columns = 4 } },
            });
            await ApplyAsync(steering, new RunCommand { Resume = new Resume() });
        }
    }

    private static async Task AssertWatchedAsync(MfnClient client, Run run, KineticsModel model)
    {
        var snapshots = await FramesAsync(client, new WatchRunRequest { RunId = run.RunId, FromStep = 0, FieldEncoding = FieldEncoding.Float64, Species = model.Species[^1], Statistics = true });
        var deltas = await FramesAsync(client, new WatchRunRequest { RunId = run.RunId, FromStep = 0, FieldEncoding = FieldEncoding.Float64, Species = model.Species[^1], KeyFrameInterval = 5 });
        var quantized = await FramesAsync(client, new WatchRunRequest { RunId = run.RunId, FromStep = 0, FieldEncoding = FieldEncoding.Quantized16, Species = model.Species[^1] });
        Assert.Equal(LastStep, snapshots[^1].Position.Step);
        Assert.Equal(snapshots.Select(frame => frame.Cells.ToArray()), deltas.Select(frame => frame.Cells.ToArray()));
        foreach (var (exact, near) in snapshots.Zip(quantized))
        {
            var error = near.Field!.SpeciesLargestError;
            Assert.True(error > 0 && near.Field.LargestErrorVolts == 0);
            Assert.InRange(error, 0, Math.Max((exact.Cells.ToArray().Max() - exact.Cells.ToArray().Min()) / 32768, Math.ScaleB(1, -1000)));
            Assert.All(exact.Cells.ToArray().Zip(near.Cells.ToArray()), pair => Assert.InRange(pair.Second - pair.First, -error, error));
        }

        var facts = snapshots[^1].Facts;
        Assert.Equal((model.Species[^1], LastStep * run.Spec.Domain.TimeStep), (facts.Species, facts.Time));
        Assert.Equal(snapshots[^1].Cells.ToArray().Max(), facts.SpeciesStatistics.Maximum);
        Assert.Null(facts.Statistics);
    }

    private static async Task AssertCopiedAsync(MfnClient client, string runId, SimulationSpec spec, byte[] expected)
    {
        Assert.Equal(expected, await ExportedAsync(client, runId));

        var fork = await client.Runs.ForkAsync(new ForkRunRequest { RunId = runId, Step = 5 });
        await FramesAsync(client, new WatchRunRequest { RunId = fork.RunId });
        Assert.Equal(expected, await ExportedAsync(client, fork.RunId));

        var imported = await client.Runs.ImportAsync(new ImportRunStart { Paused = true }, new MemoryStream(expected));
        Assert.Equal(expected, await ExportedAsync(client, imported.RunId));
        Assert.Equal((await client.Runs.GetAsync(runId)).Spec.Domain.Mask, spec.Domain.Mask);
        await foreach (var listed in client.Runs.ListAsync())
        {
            Assert.True(listed.Spec.Domain.Mask.IsEmpty);
        }
    }
}
