using System.CommandLine;
using System.Globalization;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Contracts.V1;
using Mfn.Core.Validation;

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
        var seed = NumberOption.Create<long>("--seed", "N", "Seed of samples and network: 0 to 2^63-1. Default: 42.").Fills("seed").WithinSeeds();
        var epochs = NumberOption.Create<int>("--epochs", "N", "Passes over the samples: 1 to 100. Default: 1.").Fills("epochs").Within(ValidationSpec.EpochCountRange);
        var batchSize = NumberOption.Create<int>("--batch-size", "N", "Samples a training step: 1 to 64. Default: 4.").Fills("batch_size").Within(ValidationSpec.BatchSizeRange);
        var grid = NumberOption.Create<int>("--grid", "N", "Rows and columns of the simulated fields: 8 to 256. Default: 64.").Fills("grid_size").Within(ValidationSpec.GridSizeRange);
        var steps = NumberOption.Create<int>("--steps", "N", "Time steps of each simulation: 1 to 1000. Default: 64.").Fills("steps").Within(ValidationSpec.StepCountRange);
        var noTuring = new Option<bool>("--no-turing") { Description = "Leave activator and inhibitor out." }.Fills("turing_enabled");
        var jitter = new Option<bool>("--jitter") { Description = "Add Gaussian noise to every cell in every step." }.Fills("jitter_enabled");
        var output = new OutputOptions();
        var connection = new ServerConnection();

        var command = new Command(Name, "Runs the reference's validation cycle: simulate, train a small network, report.")
        {
            seed, epochs, batchSize, grid, steps, noTuring, jitter,
        };
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var request = new ValidateRequest { TuringEnabled = !arguments.GetValue(noTuring), JitterEnabled = arguments.GetValue(jitter) };
            arguments.Apply(seed, value => request.Seed = value);
            arguments.Apply(epochs, value => request.Epochs = value);
            arguments.Apply(batchSize, value => request.BatchSize = value);
            arguments.Apply(grid, value => request.GridSize = value);
            arguments.Apply(steps, value => request.Steps = value);

            var response = await connection.UseAsync(arguments, answer, client => client.ValidateAsync(request, cancellationToken), cancellationToken);
            Print(answer, response);
            return ExitCode.Success;
        });
        return command;
    }

    private static void Print(Answer answer, ValidateResponse response)
    {
        // With the reference's names, for those who compare.
        (string Name, string Reference, double Value)[] values =
        [
            ("start_loss", "loss_start", response.StartLoss),
            ("final_loss", "loss_final", response.FinalLoss),
            ("loss_drop", "loss_drop", response.LossDrop),
            ("min_potential_millivolts", "pot_min_mV", response.MinPotentialMillivolts),
            ("max_potential_millivolts", "pot_max_mV", response.MaxPotentialMillivolts),
            ("example_fractal_dimension", "example_fractal_dim", response.ExampleFractalDimension),
            ("lyapunov_exponent", "lyapunov_exponent", response.LyapunovExponent),
            ("mean_lyapunov_exponent", "lyapunov_mean", response.MeanLyapunovExponent),
            ("growth_events", "growth_events", response.GrowthEventCount),
            ("symbolic_nernst_potential_millivolts", "nernst_symbolic_mV", response.SymbolicNernstPotentialMillivolts),
            ("nernst_potential_millivolts", "nernst_numeric_mV", response.NernstPotentialMillivolts),
            ("nernst_slope_millivolts", "nernst_rtfz_mV", response.NernstSlopeMillivolts),
        ];
        var record = new JsonRecord();
        foreach (var (name, _, value) in values)
        {
            record.Add(name, value);
        }

        answer.Write(record, writer => TextTable.Write(
            writer,
            values,
            [
                new("NAME", each => each.Name),
                new("VALUE", each => each.Value.ToString("0.######", CultureInfo.InvariantCulture), IsNumber: true),
                new("REFERENCE", each => each.Reference, IsWide: true),
            ],
            answer.IsWide));
    }
}
