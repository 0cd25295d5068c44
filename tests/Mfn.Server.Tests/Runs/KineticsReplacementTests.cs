using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Core.Steering;
using Mfn.Server.Tests.Client;
using Mfn.Server.Tests.GrpcStack;

namespace Mfn.Server.Tests.Runs;

/// <summary>Species that replace those of live runs, in parts, and what is refused of them, by name.</summary>
public sealed class KineticsReplacementTests
{
    private const int Rows = 7;
    private const int Columns = 12;

    private static readonly SimulationSpec Spec = new() { GrayScott = new GrayScott(), Domain = new Domain { Rows = Rows, Columns = Columns } };

    [Theory]
    [InlineData("u", 0, FieldEncoding.Float64)]
    [InlineData("v", 1, FieldEncoding.Float32)]
    [InlineData("1", 1, FieldEncoding.Float64)]
    [InlineData("", 0, FieldEncoding.Float32)]
    public async Task Steer_SpeciesInParts_ReplacesThatOneBetweenTwoSteps(string species, int index, FieldEncoding encoding)
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = Spec, Paused = true })).Run;
        var field = WirePatterns.Random(Rows, Columns, encoding, seed: 3);
        using var call = server.Runs.SteerRun();
        await TakeStepsAsync(server, call, run, 3);

        var messages = InParts(Replace("a", species, field));
        Assert.Equal((3, 1, false), Told(await ApplyAsync(call, messages)));
        Assert.Equal((3, 1, true), Told(await ApplyAsync(call, messages)));

        Assert.Equal(Replaced(field, index, step: 3), await server.ExportAsync(run.RunId));

        static (long Step, long Revision, bool Again) Told(SteerRunResponse response) => (response.Applied.Step, response.Applied.Revision, response.Applied.AlreadyApplied);
    }

    [Fact]
    public async Task Steer_SpeciesThatCannotBeReplaced_IsRefusedByNameBeforeItComes()
    {
        await using var server = await TestServer.StartAsync();
        var run = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = Spec, Paused = true })).Run;
        var reference = (await server.Runs.CreateRunAsync(new CreateRunRequest { Spec = new SimulationSpec { GridSize = 8 }, Paused = true })).Run;
        var shape = WirePatterns.Shape(Rows, Columns);

        await RefusedAsync(run, "command.replace_species.species must be 'u', 'v' or a number from 0 to 1, but was 'w'.", Replace("a", "w", shape));
        await RefusedAsync(
            run,
            "command.replace_species.field must be 7 x 12 like the run, but was 12 x 7. command.replace_species.species must be 'u', 'v' or a number from 0 to 1, but was '2'.",
            Replace("b", "2", WirePatterns.Shape(Columns, Rows)));
        await RefusedAsync(run, "command.replace_potential must not be sent to a run with kinetics; use replace_species.", new RunCommand { CommandId = "c", ReplacePotential = shape });
        await RefusedAsync(reference, "command.replace_species must not be sent to a run without kinetics; use replace_potential.", Replace("d", "0", WirePatterns.Shape(8, 8)));
        await RefusedAsync(run, "command.replace_species.field must be set.", new RunCommand { CommandId = "e", ReplaceSpecies = new ReplaceSpecies { Species = "u" } });
        await RefusedAsync(run, "command.command_id must have 1 to 64 bytes, but was ''.", Replace("", "u", shape));

        // Too many values, and a value that may not be, show when they come.
        using var call = server.Runs.SteerRun();
        await call.RequestStream.WriteAsync(new SteerRunRequest { RunId = run.RunId, Command = Replace("f", "v", shape), ValuesFollow = true });
        await call.RequestStream.WriteAsync(new SteerRunRequest { Values = ByteString.CopyFrom(new byte[(Rows * Columns * 8) + 1]) });
        Assert.Equal("command.replace_species.field.values must have 672 bytes, but had 673.", (await NextAsync(call)).Refused.Message);
        var nan = TestFields.Of(Rows, Columns, (row, column) => row == 6 && column == 0 ? double.NaN : 1);
        await call.RequestStream.WriteAsync(new SteerRunRequest { Command = Replace("g", "v", shape), ValuesFollow = true });
        await call.RequestStream.WriteAsync(new SteerRunRequest { Values = nan.Values });
        Assert.Equal(
            "command.replace_species.field.values must be between -1000000000 and 1000000000, but the cell in row 6, column 0 was NaN.",
            (await NextAsync(call)).Refused.Message);
        Assert.Equal(0, (await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.Revision);

        async Task RefusedAsync(Run steered, string reason, RunCommand command)
        {
            using var steering = server.Runs.SteerRun();
            await steering.RequestStream.WriteAsync(new SteerRunRequest { RunId = steered.RunId, Command = command, ValuesFollow = true });
            Assert.Equal((command.CommandId, reason), ((await NextAsync(steering)).CommandId, steering.ResponseStream.Current.Refused.Message));
        }
    }

    /// <summary>The checkpoint of a simulation one of whose species is replaced after a step.</summary>
    private static byte[] Replaced(Field field, int species, int step)
    {
        using var simulation = new SteeredSimulation(Spec.ToCore());
        simulation.Advance(step);
        simulation.Apply(new FieldReplacement([.. field.ToCore().Cells]) { Species = species });
        return simulation.Capture().ToBytes();
    }

    private static async Task TakeStepsAsync(TestServer server, AsyncDuplexStreamingCall<SteerRunRequest, SteerRunResponse> call, Run run, int count)
    {
        await ApplyAsync(call, new SteerRunRequest { RunId = run.RunId, Command = new RunCommand { CommandId = "steps", TakeSteps = new TakeSteps { Steps = count } } });
        while ((await server.Runs.GetRunAsync(new GetRunRequest { RunId = run.RunId })).Run.Step < count)
        {
            await Task.Yield();
        }
    }

    /// <summary>The command with the first three bytes of its field, and then the others.</summary>
    private static SteerRunRequest[] InParts(RunCommand command)
    {
        var field = command.ReplaceSpecies.Field;
        var rest = WirePatterns.Cut(field.Values.Skip(3), 101);
        command.ReplaceSpecies.Field = field.WithValues(field.Values.Memory[..3].ToByteString());
        return [new() { Command = command, ValuesFollow = true }, .. rest.Select(part => new SteerRunRequest { Values = part })];
    }

    private static async Task<SteerRunResponse> ApplyAsync(AsyncDuplexStreamingCall<SteerRunRequest, SteerRunResponse> call, params SteerRunRequest[] messages)
    {
        foreach (var message in messages)
        {
            await call.RequestStream.WriteAsync(message);
        }

        var response = await NextAsync(call);
        Assert.Equal(SteerRunResponse.OutcomeOneofCase.Applied, response.OutcomeCase);
        return response;
    }

    private static async Task<SteerRunResponse> NextAsync(AsyncDuplexStreamingCall<SteerRunRequest, SteerRunResponse> call)
    {
        do
        {
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None).Within());
        }
        while (call.ResponseStream.Current.OutcomeCase == SteerRunResponse.OutcomeOneofCase.Heartbeat);

        return call.ResponseStream.Current;
    }

    private static RunCommand Replace(string id, string species, Field field) =>
        new() { CommandId = id, ReplaceSpecies = new ReplaceSpecies { Species = species, Field = field } };
}
