using System.CommandLine;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run create</c>: starts a run.</summary>
internal static class CreateCommand
{
    public const string Name = "create";

    public const string Examples = """
        Examples:
          mfn run create
          mfn run create --grid 256 --forever --pace 30
          mfn run create --preset medium --until-steady 0.01 --history 10000 --json
          mfn run create --grid 64 --potential field.npy --paused

        Prints the run's id. Without --stop-after, --until-steady and --forever the run stops after --steps. Initial fields are NPY files of
        (rows, columns): the potential in volts, the species from 0 to 1; those that are not given are drawn.
        """;

    public static Command Create()
    {
        var spec = new SpecOptions();
        var life = new LifeOptions();
        var potential = FieldOption("--potential", "Initial potential in volts.");
        var activator = FieldOption("--activator", "Initial activator, 0 to 1.");
        var inhibitor = FieldOption("--inhibitor", "Initial inhibitor, 0 to 1.");
        var cast = CastOption.Create();
        var json = RunCommand.JsonOption();
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(Name, "Starts a run on a server and prints its id.");
        spec.AddTo(command);
        life.AddTo(command);
        foreach (var option in new Option[] { potential, activator, inhibitor, cast, json })
        {
            command.Add(option);
        }

        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var request = new CreateRunRequest { Spec = spec.Read(arguments), Stop = life.ReadStop(arguments), Paused = arguments.GetValue(life.Paused) };
            arguments.Apply(life.Pace, value => request.StepsPerSecond = value);
            arguments.Apply(life.History, value => request.HistorySteps = value);
            var fields = new InitialFields { Potential = Read(potential), Activator = Read(activator), Inhibitor = Read(inhibitor) };
            request.InitialFields = fields.Equals(new InitialFields()) ? null : fields;

            var run = await connection.UseAsync(arguments, client => client.Runs.CreateAsync(request, cancellationToken), cancellationToken);
            RunReport.PrintNew(run, arguments.GetValue(json));
            return ExitCode.Success;

            Field? Read(Option<string?> option) => arguments.GetValue(option) is { } path ? NpyField.Read(path, arguments.GetValue(cast)) : null;
        });
        return command;
    }

    private static Option<string?> FieldOption(string name, string description) => new(name) { Description = description, HelpName = "FILE.npy" };
}
