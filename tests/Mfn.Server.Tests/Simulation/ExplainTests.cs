using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Core.Kinetics;
using Mfn.Core.Specs;
using Mfn.Server.Tests.Cli;
using Mfn.Server.Tests.GrpcStack;
using Schnakenberg = Mfn.Contracts.V1.Schnakenberg;
using SpeciesBoundary = Mfn.Contracts.V1.SpeciesBoundary;

namespace Mfn.Server.Tests.Simulation;

public sealed class ExplainTests
{
    public static TheoryData<string> Models => [.. KineticsModel.All.Select(model => model.Name)];

    /// <summary>Every parameter that has a range, just beyond it, and every other one without a finite value.</summary>
    [Theory, MemberData(nameof(Models))]
    public async Task Explain_EveryParameterOutsideItsSense_IsRefusedByName(string name)
    {
        await using var server = await TestServer.StartAsync();
        var model = KineticsModel.Find(name)!;
        var field = SimulationSpec.Descriptor.FindFieldByName(name.Replace('-', '_'));
        var message = field.MessageType.Parser.ParseFrom(ByteString.Empty);
        var problems = new List<string>();
        foreach (var parameter in model.Parameters)
        {
            var value = parameter.Range == ParameterRange.Finite ? double.PositiveInfinity
                : parameter.Range.Minimum == double.Epsilon ? 0
                : Math.BitDecrement(parameter.Range.Minimum);
            message.Descriptor.FindFieldByName(parameter.Name).Accessor.SetValue(message, value);
            problems.Add($"spec.{field.Name}.{parameter.Name} must be {parameter.Range}, but was {value.ToString("R", CultureInfo.InvariantCulture)}.");
        }

        var spec = new SimulationSpec();
        field.Accessor.SetValue(spec, message);
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.ExplainAsync(new ExplainRequest { Spec = spec }));

        // A refusal has room for some of them, and tells how many others there are.
        var told = problems.TakeWhile((_, i) => refused.Status.Detail.StartsWith(string.Join(' ', problems[..(i + 1)]), StringComparison.Ordinal)).Count();
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.InRange(told, Math.Min(3, problems.Count), problems.Count);
        Assert.Equal(
            string.Join(' ', problems[..told]) + (told < problems.Count ? $" And {problems.Count - told} more problem{(problems.Count - told == 1 ? "" : "s")}." : ""),
            refused.Status.Detail);
    }

    /// <summary>The same on a command line, where each parameter is told by its symbol.</summary>
    [Theory, MemberData(nameof(Models))]
    public async Task ExplainCommand_EveryParameterOutsideItsSense_ExitsWithAllOfThem(string name)
    {
        var model = KineticsModel.Find(name)!;
        var given = model.Parameters.Select(parameter => $"{parameter.Symbol}={(parameter.Range == ParameterRange.Finite ? "nan" : parameter.Range.Minimum == double.Epsilon ? "0" : "-1")}");

        var (exitCode, output, error) = await InProcess.RunAsync("explain", "--kinetics", $"{name}:{string.Join(',', given)}");

        Assert.Equal((2, ""), (exitCode, output));
        Assert.All(model.Parameters, parameter => Assert.Contains($"mfn: --kinetics {name}: {parameter.Symbol} must be ", error, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Explain_WithoutAPlace_IsRefusedWhileAnotherComputes()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxConcurrentComputations=1");
        using (server.Places.Take())
        {
            var refused = await Assert.ThrowsAsync<RpcException>(async () => await server.Simulation.ExplainAsync(new ExplainRequest()));
            Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        }

        await server.Simulation.ExplainAsync(new ExplainRequest());
    }

    /// <summary>The largest box that any server allows has as many modes as cells, which nobody waits for who has left.</summary>
    [Fact]
    public async Task Explain_LargestBox_EndsWithItsCaller()
    {
        await using var server = await TestServer.StartAsync("Limits:MaxGridSize=4096");
        var spec = new SimulationSpec { Schnakenberg = new Schnakenberg(), Domain = new Domain { Rows = 4096, Columns = 4096, Boundaries = { new SpeciesBoundary { Kind = Boundary.Neumann } } } };
        using var leaving = new CancellationTokenSource();
        using var call = server.Simulation.ExplainAsync(new ExplainRequest { Spec = spec }, cancellationToken: leaving.Token);
        while (server.Places.ComputingCount == 0)
        {
            await Task.Yield();
        }

        await leaving.CancelAsync();
        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync.Within())).StatusCode);
        var late = await Assert.ThrowsAsync<RpcException>(
            async () => await server.Simulation.ExplainAsync(new ExplainRequest { Spec = spec }, deadline: DateTime.UtcNow.AddMilliseconds(50)).ResponseAsync.Within());
        Assert.Equal(StatusCode.DeadlineExceeded, late.StatusCode);
        while (server.Places.TakenCount > 0)
        {
            await Task.Yield();
        }

        var box = (await server.Simulation.ExplainAsync(new ExplainRequest { Spec = spec }).ResponseAsync.Within()).Box;
        Assert.Equal(0.411011, box.GrowthRate, 1e-5);
    }

    [Fact]
    public async Task Explain_Warnings_HaveTheKindsOfTheContract()
    {
        await using var server = await TestServer.StartAsync();
        var spec = new SimulationSpec { Schnakenberg = new Schnakenberg(), Domain = new Domain { Rows = 8, Columns = 8, TimeStep = 0.01 } };

        var warnings = (await server.Simulation.ExplainAsync(new ExplainRequest { Spec = spec })).Warnings;

        Assert.Equal([WarningKind.BoxSmallerThanWavelength, WarningKind.NoGrowingModeInBox, WarningKind.UnstableTimeStep], warnings.Select(warning => warning.Kind));
        Assert.All(warnings, warning => Assert.EndsWith(".", warning.Text, StringComparison.Ordinal));
        Assert.Equal(
            Enum.GetNames<Core.Explanations.WarningKind>(), Enum.GetNames<WarningKind>().Where(name => name != nameof(WarningKind.Unspecified)));
    }
}
