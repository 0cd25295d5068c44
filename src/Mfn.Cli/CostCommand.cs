using System.CommandLine;
using System.Globalization;
using Mfn.Cli.Kinetics;
using Mfn.Cli.Output;
using Mfn.Contracts.V1;
using Mfn.Server;

namespace Mfn.Cli;

/// <summary><c>mfn cost</c>: what a simulation costs, and how long it takes.</summary>
internal static class CostCommand
{
    public const string Name = "cost";

    public const string Examples = """
        Examples:
          mfn cost --kinetics gray-scott --rows 512 --columns 512
          mfn cost --grid 256 --steps 2000 --features --json
          mfn cost --preset large --server http://127.0.0.1:50051             by what that server has measured

        The price is the same everywhere. The time is that of one call with nothing else to do; without a server it is by constants.
        """;

    public static Command Create()
    {
        var spec = new SpecOptions();
        var features = new Option<bool>("--features") { Description = "With the 18 features of the whole history, every step of it." };
        var pattern = new PatternFeatureFlags("after the last step");
        var output = new OutputOptions();
        var connection = new ServerConnection("computed here");

        var command = new Command(Name, "Tells what a simulation costs and how long it takes, without running it.");
        spec.AddTo(command);
        command.Add(features);
        pattern.AddTo(command);
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var simulate = new SimulateRequest { Spec = spec.Read(arguments), PatternFeatures = pattern.Read(arguments) };

            // What they are changes nothing, but the box has their shape.
            spec.ReadFields(arguments, simulate.Spec);
            if (arguments.GetValue(features))
            {
                simulate.Features = new FeatureOptions();
            }

            var request = new EstimateCostRequest { Simulate = simulate };
            var response = connection.IsElsewhere(arguments)
                ? await connection.UseAsync(arguments, answer, client => client.EstimateCostAsync(request, cancellationToken), cancellationToken)
                : LocalCalls.EstimateCost(request);
            answer.Write(ToRecord(response), writer => Write(writer, response));
            return ExitCode.Success;
        });
        return command;
    }

    private static void Write(TextWriter writer, EstimateCostResponse response)
    {
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The price is {response.Price} cell-steps."));
        writer.WriteLine($"It takes about {Seconds(response.PredictedSeconds)} s{(response.Calibrated ? "" : "; not all of that is by measurements of the server")}.");
        TextTable.Write(
            writer,
            response.Parts,
            [
                new("WORK", part => part.Work),
                new("PRICE", part => part.Price.ToString(CultureInfo.InvariantCulture), IsNumber: true),
                new("SECONDS", part => Seconds(part.PredictedSeconds), IsNumber: true),
                new("BY", part => part.Calibrated ? "measurements" : "constants"),
            ],
            isWide: false);
    }

    private static string Seconds(double seconds) => seconds.ToString("G3", CultureInfo.InvariantCulture);

    private static JsonRecord ToRecord(EstimateCostResponse response) => new JsonRecord()
        .Add("price", response.Price)
        .Add("predicted_seconds", response.PredictedSeconds)
        .Add("calibrated", response.Calibrated)
        .Add("parts", response.Parts.Select(part => new JsonRecord()
            .Add("work", part.Work)
            .Add("price", part.Price)
            .Add("predicted_seconds", part.PredictedSeconds)
            .Add("calibrated", part.Calibrated)));
}
