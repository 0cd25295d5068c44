using Google.Protobuf;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Core.Kinetics;
using Mfn.Server.Tests.GrpcStack;
using InitialPattern = Mfn.Contracts.V1.InitialPattern;
using KineticsParameter = Mfn.Contracts.V1.KineticsParameter;

namespace Mfn.Server.Tests.Runs;

/// <summary>Steering of every parameter of every model, against an engine that gets the other value at the same step.</summary>
public sealed class KineticsParameterTests
{
    private const int StepsBetween = 2;

    public static TheoryData<string, Precision> Models
    {
        get
        {
            var data = new TheoryData<string, Precision>();
            foreach (var model in KineticsModel.All)
            {
                data.Add(model.Name, Precision.Binary64);
                data.Add(model.Name, Precision.Binary32);
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Models))]
    public async Task Steer_EachParameterInTurn_HasTheBitsOfAnEngineThatHasItFromThatStepOn(string name, Precision precision)
    {
        await using var server = await TestServer.StartAsync();
        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        var model = KineticsModel.Find(name)!;
        var spec = SpecOf(model, precision);
        using var expected = new ChangedEngine(spec.ToCore());
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = spec, Paused = true, Stop = new StopCondition { Never = true } });
        using var steering = client.Runs.Steer(run.RunId);

        foreach (var (i, parameter) in model.Parameters.Index())
        {
            await ApplyAsync(steering, new RunCommand { TakeSteps = new TakeSteps { Steps = StepsBetween } });
            Assert.Equal(expected.Advance(StepsBetween), await FieldsAsync(client, run.RunId, model, expected.Step));

            // By name and by symbol in turn; near the old value, and never a faster diffusion, which would make the time step unstable.
            var value = expected.Values[i] == 0 ? 0.01 : expected.Values[i] * 0.875;
            var change = new KineticsParameter { Name = i % 2 == 0 ? parameter.Name : parameter.Symbol, Value = value };
            await ApplyAsync(steering, new RunCommand { ChangeParameters = new ChangeParameters { Kinetics = { change } } });
            Assert.True(expected.ChangesSomething(parameter.Symbol, value, StepsBetween), $"{parameter.Name} should change something.");
        }

        await ApplyAsync(steering, new RunCommand { TakeSteps = new TakeSteps { Steps = StepsBetween } });
        Assert.Equal(expected.Advance(StepsBetween), await FieldsAsync(client, run.RunId, model, expected.Step));
        Assert.Equal(expected.Values, (await client.Runs.GetAsync(run.RunId)).Spec.ToCore().Pattern!.Kinetics.Values);
    }

    private static async Task ApplyAsync(RunSteering steering, RunCommand command)
    {
        var outcome = await steering.SendAsync(command).Within();
        Assert.True(outcome.OutcomeCase == SteerRunResponse.OutcomeOneofCase.Applied, outcome.Refused?.Message);
    }

    /// <summary>The species after a step that the run may still be about to take.</summary>
    private static async Task<double[]> FieldsAsync(MfnClient client, string runId, KineticsModel model, int step)
    {
        var cells = new List<double>();
        foreach (var species in model.Species)
        {
            var frames = client.Runs.WatchAsync(new WatchRunRequest { RunId = runId, Species = species, FieldEncoding = FieldEncoding.Float64 });
            var frame = await frames.OfType<FrameEvent>().FirstAsync(frame => frame.Position.Step == step).AsTask().Within();
            cells.AddRange(frame.Cells.Span);
        }

        return [.. cells];
    }

    private static SimulationSpec SpecOf(KineticsModel model, Precision precision)
    {
        var field = SimulationSpec.Descriptor.FindFieldByName(model.Name.Replace('-', '_'));
        var wire = new SimulationSpec
        {
            Precision = precision,
            Domain = new Domain { Rows = 6, Columns = 11 },
            Initial = new InitialPattern { Uniform = { model.Species.Select((_, i) => 0.75 - (0.25 * i)) }, Noise = 0.2 },
        };
        field.Accessor.SetValue(wire, field.MessageType.Parser.ParseFrom(ByteString.Empty));
        return wire;
    }
}
