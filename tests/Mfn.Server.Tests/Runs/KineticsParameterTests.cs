using Google.Protobuf;
using Mfn.Client;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Tests.GrpcStack;
using Mfn.Server.Translation;
using InitialPattern = Mfn.Contracts.V1.InitialPattern;
using KineticsParameter = Mfn.Contracts.V1.KineticsParameter;
using Precision = Mfn.Contracts.V1.Precision;
using SimulationSpec = Mfn.Contracts.V1.SimulationSpec;

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
        var wire = SpecOf(model, precision);
        var run = await client.Runs.CreateAsync(new CreateRunRequest { Spec = wire, Paused = true, Stop = new StopCondition { Never = true } });
        using var steering = client.Runs.Steer(run.RunId);
        var engine = new SimulationEngine(ToCore(wire));
        try
        {
            await StepAsync();
            foreach (var (i, parameter) in model.Parameters.Index())
            {
                var value = Other(engine.Spec.Pattern!.Kinetics.Values[i]);

                // By name and by symbol in turn.
                var change = new KineticsParameter { Name = i % 2 == 0 ? parameter.Name : parameter.Symbol, Value = value };
                await ApplyAsync(new RunCommand { ChangeParameters = new ChangeParameters { Kinetics = { change } } });
                var pattern = engine.Spec.Pattern;
                var unchanged = engine;
                engine = SimulationEngine.Restore(engine.Spec with { Pattern = pattern with { Kinetics = pattern.Kinetics.With(parameter.Symbol, value) } }, engine.Capture());
                using (unchanged)
                {
                    await StepAsync();
                    unchanged.Advance(StepsBetween);
                    Assert.False(Fields(unchanged).SequenceEqual(Fields(engine)), $"{parameter.Name} should change something.");
                }
            }

            // What the run then says that it simulates.
            var told = (await client.Runs.GetAsync(run.RunId)).Spec;
            Assert.Equal(engine.Spec.Pattern!.Kinetics, ToCore(told).Pattern!.Kinetics);
        }
        finally
        {
            engine.Dispose();
        }

        async Task StepAsync()
        {
            engine.Advance(StepsBetween);
            await ApplyAsync(new RunCommand { TakeSteps = new TakeSteps { Steps = StepsBetween } });
            for (var species = 0; species < model.Species.Length; species++)
            {
                Assert.Equal(engine.Species(species).ToArray(), await CellsAsync(model.Species[species], engine.Step));
            }
        }

        async Task ApplyAsync(RunCommand command)
        {
            var outcome = await steering.SendAsync(command).Within();
            Assert.True(outcome.OutcomeCase == SteerRunResponse.OutcomeOneofCase.Applied, outcome.Refused?.Message);
        }

        // From the step that a frame is wanted of, which the run may still be about to take.
        async Task<double[]> CellsAsync(string species, int step)
        {
            var request = new WatchRunRequest { RunId = run.RunId, Species = species, FieldEncoding = FieldEncoding.Float64 };
            await foreach (var told in client.Runs.WatchAsync(request))
            {
                if (told is FrameEvent { Position.Step: var shown } frame && shown == step)
                {
                    return frame.Cells.ToArray();
                }
            }

            throw new InvalidOperationException($"The run ended before step {step}.");
        }
    }

    private static IEnumerable<double> Fields(SimulationEngine engine) =>
        Enumerable.Range(0, engine.SpeciesCount).SelectMany(species => engine.Species(species).ToArray());

    /// <summary>Near the old value, and never a faster diffusion that makes the time step unstable.</summary>
    private static double Other(double value) => value == 0 ? 0.01 : value * 0.875;

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

    private static Core.Simulation.SimulationSpec ToCore(SimulationSpec wire)
    {
        var problems = new RequestProblems();
        var spec = wire.ToSpec(new LimitsOptions(), problems);
        problems.ThrowIfAny();
        return spec;
    }
}
