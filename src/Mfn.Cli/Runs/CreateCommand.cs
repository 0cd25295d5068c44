using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run create</c>: starts a run.</summary>
internal static class CreateCommand
{
    public const string Name = "create";

    public const string Examples = """
        Examples:
          mfn run create
          mfn run create --name demo --grid 256 --forever --pace 30
          mfn run create --preset medium --until-steady 0.01 --history 10000 --json
          mfn run create --kinetics gray-scott:F=0.037,k=0.06 --rows 256 --columns 256 --forever
          mfn run create --grid 64 --potential field.npy --paused

        Prints the run's id. Without --stop-after, --until-steady and --forever the run stops after --steps. Initial fields are NPY files of
        (rows, columns): the potential in volts, the species from 0 to 1; those that are not given are drawn. With --kinetics all species are in
        one file, --initial.
        """;

    public static Command Create()
    {
        var spec = new SpecOptions();
        var life = new LifeOptions();
        var potential = FieldOption("--potential", "Initial potential in volts.");
        var activator = FieldOption("--activator", "Initial activator, 0 to 1.");
        var inhibitor = FieldOption("--inhibitor", "Initial inhibitor, 0 to 1.");
        var cast = CastOption.Create();
        var output = new OutputOptions();
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(Name, "Starts a run on a server and prints its id.");
        spec.AddTo(command);
        life.AddTo(command);
        foreach (var option in new Option[] { potential, activator, inhibitor, cast })
        {
            command.Add(option);
        }

        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var request = new CreateRunRequest { Spec = spec.Read(arguments), Stop = life.ReadStop(arguments), Paused = arguments.GetValue(life.Paused) };
            if (spec.HasStepsOfGallery(arguments))
            {
                // As a run's end, of which there may be more than a call's simulation may take.
                request.Stop ??= new StopCondition { AfterStep = request.Spec.Steps };
                request.Spec.ClearSteps();
            }

            var species = spec.ReadFields(arguments, request.Spec, arguments.GetValue(cast));
            arguments.RequireFor(species.Count > 0 || new[] { potential, activator, inhibitor }.Any(arguments.IsGiven), "with --potential, --activator, --inhibitor or --initial", cast);
            life.ReadName(arguments, name => request.Name = name);
            arguments.Apply(life.Pace, value => request.StepsPerSecond = value);
            arguments.Apply(life.History, value => request.HistorySteps = value);
            var fields = new InitialFields { Potential = Read(potential), Activator = Read(activator), Inhibitor = Read(inhibitor) };
            fields.Species.AddRange(species);
            request.InitialFields = fields.Equals(new InitialFields()) ? null : fields;

            var run = await connection.UseAsync(arguments, answer, client => client.Runs.CreateAsync(request, cancellationToken), cancellationToken);
            RunReport.WriteNew(answer, run, connection.Repeat(arguments));
            return ExitCode.Success;

            Field? Read(Option<string?> option) => arguments.GetValue(option) is { } path ? NpyField.Read(path, arguments.GetValue(cast)) : null;
        });
        return command;
    }

    private static Option<string?> FieldOption(string name, string description) =>
        new Option<string?>(name) { Description = description, HelpName = "FILE.npy" }.Fills($"initial_fields.{name.TrimStart('-')}");
}
