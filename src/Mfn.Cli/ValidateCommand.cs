using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Mfn.Contracts.V1;

namespace Mfn.Cli;

/// <summary><c>mfn validate</c>: the reference's validation cycle.</summary>
internal static class ValidateCommand
{
    public const string Name = "validate";

    public const string Examples = """
        Examples:
          mfn validate --seed 42 --epochs 5
          mfn validate --grid 32 --steps 32 --json
        """;

    public static Command Create()
    {
        var seed = NumberOption.Create<long>("--seed", "N", "Seed of samples and network: 0 to 2^63-1. Default: 42.");
        var epochs = NumberOption.Create<int>("--epochs", "N", "Passes over the samples: 1 to 100. Default: 1.");
        var batchSize = NumberOption.Create<int>("--batch-size", "N", "Samples a training step: 1 to 64. Default: 4.");
        var grid = NumberOption.Create<int>("--grid", "N", "Rows and columns of the simulated fields: 8 to 256. Default: 64.");
        var steps = NumberOption.Create<int>("--steps", "N", "Time steps of each simulation: 1 to 1000. Default: 64.");
        var noTuring = new Option<bool>("--no-turing") { Description = "Leave activator and inhibitor out." };
        var jitter = new Option<bool>("--jitter") { Description = "Add Gaussian noise to every cell in every step." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var connection = new ServerConnection();

        var command = new Command(Name, "Runs the reference's validation cycle: simulate, train a small network, report.")
        {
            seed, epochs, batchSize, grid, steps, noTuring, jitter, json,
        };
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var request = new ValidateRequest { TuringEnabled = !arguments.GetValue(noTuring), JitterEnabled = arguments.GetValue(jitter) };
            arguments.Apply(seed, value => request.Seed = value);
            arguments.Apply(epochs, value => request.Epochs = value);
            arguments.Apply(batchSize, value => request.BatchSize = value);
            arguments.Apply(grid, value => request.GridSize = value);
            arguments.Apply(steps, value => request.Steps = value);

            var response = await connection.UseAsync(arguments, client => client.ValidateAsync(request, cancellationToken), cancellationToken);
            Print(response, arguments.GetValue(json));
            return ExitCode.Success;
        });
        return command;
    }

    private static void Print(ValidateResponse response, bool asJson)
    {
        // The reference's names, for those who compare.
        var values = new Dictionary<string, double>
        {
            ["loss_start"] = response.StartLoss,
            ["loss_final"] = response.FinalLoss,
            ["loss_drop"] = response.LossDrop,
            ["pot_min_mV"] = response.MinPotentialMillivolts,
            ["pot_max_mV"] = response.MaxPotentialMillivolts,
            ["example_fractal_dim"] = response.ExampleFractalDimension,
            ["lyapunov_exponent"] = response.LyapunovExponent,
            ["lyapunov_mean"] = response.MeanLyapunovExponent,
            ["growth_events"] = response.GrowthEventCount,
            ["nernst_symbolic_mV"] = response.SymbolicNernstPotentialMillivolts,
            ["nernst_numeric_mV"] = response.NernstPotentialMillivolts,
            ["nernst_rtfz_mV"] = response.NernstSlopeMillivolts,
        };
        if (asJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(values));
            return;
        }

        foreach (var (name, value) in values)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-24}: {value,12:0.000000}"));
        }
    }
}
