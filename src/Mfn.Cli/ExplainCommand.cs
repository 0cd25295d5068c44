using System.CommandLine;
using Mfn.Cli.Output;
using Mfn.Contracts.V1;
using Mfn.Server;

namespace Mfn.Cli;

/// <summary><c>mfn explain</c>: what a simulation will do.</summary>
internal static class ExplainCommand
{
    public const string Name = "explain";

    public const string Examples = """
        Examples:
          mfn explain --kinetics schnakenberg:a=0.1,b=0.9,d=40
          mfn explain --kinetics gray-scott:F=0.037,k=0.06 --rows 256 --columns 256 --json
          mfn explain --preset gray-scott-F0.037-k0.060
          mfn explain                                                         why the reference's defaults form no pattern
        """;

    public static Command Create()
    {
        var spec = new SpecOptions();
        var output = new OutputOptions();
        var connection = new ServerConnection("computed here");

        var command = new Command(Name, "Tells what a simulation will do, without running it: steady states, the wave that wins, time step, work.");
        spec.AddTo(command);
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var request = new ExplainRequest { Spec = spec.Read(arguments) };
            request.WithInitialFields = spec.ReadFields(arguments, request.Spec).Count > 0;
            var response = connection.IsElsewhere(arguments)
                ? await connection.UseAsync(arguments, answer, client => client.ExplainAsync(request, cancellationToken), cancellationToken)
                : LocalCalls.Explain(request);
            answer.Write(ToRecord(response), writer =>
            {
                foreach (var line in response.Lines)
                {
                    writer.WriteLine(line);
                }

                foreach (var warning in response.Warnings)
                {
                    writer.WriteLine($"Warning: {warning.Text}");
                }
            });
            return ExitCode.Success;
        });
        return command;
    }

    private static JsonRecord ToRecord(ExplainResponse response)
    {
        var mask = response.TuringMask;
        return new JsonRecord()
            .Add("steady_states", response.SteadyStates.Select(ToRecord))
            .Add("needs_seed", response.NeedsSeed)
            .Add("box", response.Box is not { } box ? null : new JsonRecord()
                .Add("mode", [box.RowIndex, box.ColumnIndex])
                .Add("wavelength", box.HasWavelength ? box.Wavelength : null)
                .Add("growth_rate", box.GrowthRate)
                .Add("cells_per_wavelength", box.HasCellsPerWavelength ? box.CellsPerWavelength : null)
                .Add("steady_state", (long)box.SteadyState))
            .Add("largest_stable_time_step", response.HasLargestStableTimeStep ? response.LargestStableTimeStep : null)
            .Add("steps_until_visible", response.HasStepsUntilVisible ? response.StepsUntilVisible : (double?)null)
            .Add("visible_factor", response.VisibleFactor)
            .Add("price", response.Price)
            .Add("predicted_seconds", response.PredictedSeconds)
            .Add("turing_mask", mask is null ? null : new JsonRecord()
                .Add("active", mask.Active)
                .Add("threshold", mask.Threshold)
                .Add("largest_activator", mask.LargestActivator)
                .Add("earliest_step", mask.HasEarliestStep ? mask.EarliestStep : null)
                .Add("can_fire", mask.CanFire))
            .Add("warnings", response.Warnings.Select(warning => new JsonRecord().Add("kind", WireName.InAnswer(warning.Kind)).Add("text", warning.Text)));
    }

    private static JsonRecord ToRecord(UniformSteadyState state)
    {
        var record = new JsonRecord()
            .Add("values", state.Values.Select(value => (double?)value))
            .Add("verdict", state.Verdict.ToString().ToLowerInvariant())
            .Add("fastest_wavelength", state.HasFastestWavelength ? state.FastestWavelength : null)
            .Add("fastest_growth_rate", state.FastestGrowthRate);
        record = state.Band is { } band ? record.Add("band", new double?[] { band.Low, band.HasHigh ? band.High : null }) : record.AddNull("band");
        return record
            .Add("jacobian", state.Jacobian.Select(value => (double?)value))
            .Add("uniform_growth_rate", state.UniformGrowthRate)
            .Add("period", state.HasPeriod ? state.Period : null)
            .Add("degenerate", state.Degenerate);
    }
}
