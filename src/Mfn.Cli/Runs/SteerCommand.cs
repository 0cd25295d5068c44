using System.CommandLine;
using Grpc.Core;
using Mfn.Cli.Flags;
using Mfn.Cli.Kinetics;
using Mfn.Cli.Output;
using Mfn.Client.Runs;
using Mfn.Contracts.V1;
using Command = System.CommandLine.Command;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run steer</c>: changes a run while it runs.</summary>
internal static class SteerCommand
{
    public const string Name = "steer";

    public const string Examples = """
        Examples:
          mfn run steer ID pause
          mfn run steer ID step 10
          mfn run steer ID pace 30
          mfn run steer ID set --alpha 0.1 --spike-probability 0.5
          mfn run steer ID set --kinetics F=0.04,k=0.06
          mfn run steer ID add --row 10 --column 20 --rows 4 --columns 4 --species v --amount 0.5
          mfn run steer ID add --row 10 --column 20 --rows 4 --columns 4 --millivolts 30
          mfn run steer ID replace field.npy
          mfn run steer ID checkpoint
          mfn run steer ID resume

        Prints the step at which the command took effect. A command that is sent again under its --command-id is not applied again.
        Exit code: 0 if it was applied, 2 if it was refused, 1 for a failed call.
        """;

    // A server that is not there should be told of soon; one that restarts is worth a second try.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var id = RunCommand.IdArgument();
        var command = new Command(Name, "Changes a run between two of its steps.")
        {
            id,
            CreateAction(id, "pause", "Stops taking steps.", [], (_, command) => command.Pause = new Pause()),
            CreateAction(id, "resume", "Takes steps again.", [], (_, command) => command.Resume = new Resume()),
            CreateStep(id),
            CreatePace(id),
            CreateSet(id),
            CreateAdd(id),
            CreateReplace(id),
            CreateAction(id, "checkpoint", "Keeps the state, on disk if the run is durable.", [], (_, command) => command.Checkpoint = new Checkpoint()),
        };
        // The run is typed before the options that say where its server is.
        RunCandidates.AddTo(command, ServerConnection.ToRunningServer());
        return command;
    }

    private static Command CreateStep(Argument<string> id)
    {
        var steps = NumberOption.CreateArgument<long>("N", "How many: 1 to 1000000.", ArgumentArity.ExactlyOne).Fills("take_steps.steps").Within(1, 1_000_000);
        return CreateAction(id, "step", "Takes so many steps, then pauses.", [steps], (arguments, command) => command.TakeSteps = new TakeSteps { Steps = arguments.GetValue(steps)!.Value });
    }

    private static Command CreatePace(Argument<string> id)
    {
        var pace = NumberOption.CreateArgument<double>("STEPS", "Steps a second at most: 0.001 to 1000000. Default: as fast as possible.", ArgumentArity.ZeroOrOne).Fills("steps_per_second").Within(0.001, 1_000_000);
        return CreateAction(id, "pace", "Changes how fast steps are taken.", [pace], (arguments, command) =>
        {
            command.SetPace = new SetPace();
            if (arguments.GetValue(pace) is { } stepsPerSecond)
            {
                command.SetPace.StepsPerSecond = stepsPerSecond;
            }
        });
    }

    private static Command CreateSet(Argument<string> id)
    {
        var changes = new ChangeOptions();
        return CreateAction(id, "set", "Changes constants of the simulation.", changes.All, (arguments, command) =>
        {
            command.ChangeParameters = changes.Read(arguments);
            if (command.ChangeParameters.Equals(new ChangeParameters()))
            {
                throw new BadArgumentsException($"Say what to set: {string.Join(", ", changes.All.Select(option => option.Name))}.");
            }
        });
    }

    private static Command CreateAdd(Argument<string> id)
    {
        var row = NumberOption.Create<int>("--row", "N", "First row; from 0.", isRequired: true).Fills("region.row").AtLeast(0);
        var column = NumberOption.Create<int>("--column", "N", "First column; from 0.", isRequired: true).Fills("region.column").AtLeast(0);
        var rows = NumberOption.Create<int>("--rows", "N", "Number of rows. Default: 1.").Fills("region.rows").AtLeast(1);
        var columns = NumberOption.Create<int>("--columns", "N", "Number of columns. Default: 1.").Fills("region.columns").AtLeast(1);
        var millivolts = NumberOption.Create<double>("--millivolts", "MV", "How much potential: -1000 to 1000.").Fills("millivolts").Within(-1000, 1000);
        var amount = NumberOption.Create<double>("--amount", "X", "How much concentration (kinetics only): -1e9 to 1e9.").Fills("add_to_species.amount").Within(-1e9, 1e9);
        var species = SpeciesOption.Create("Species to add to (with --amount). Default: the first.");
        return CreateAction(id, "add", "Adds to the potential or a species of a region.", [row, column, rows, columns, millivolts, amount, species], (arguments, command) =>
        {
            arguments.RequireFor(arguments.IsGiven(amount), $"with {amount.Name}", species);
            var region = new Region
            {
                Row = arguments.GetValue(row)!.Value,
                Column = arguments.GetValue(column)!.Value,
                Rows = arguments.GetValue(rows) ?? 1,
                Columns = arguments.GetValue(columns) ?? 1,
            };
            switch (arguments.GetValue(millivolts), arguments.GetValue(amount))
            {
                case ({ } potential, null):
                    command.AddPotential = new AddPotential { Region = region, Millivolts = potential };
                    break;
                case (null, { } concentration):
                    command.AddToSpecies = new AddToSpecies { Species = arguments.GetValue(species) ?? "", Region = region, Amount = concentration };
                    break;
                default:
                    throw new BadArgumentsException($"Either {millivolts.Name} MV or {amount.Name} X is required.");
            }
        });
    }

    private static Command CreateReplace(Argument<string> id)
    {
        var path = new Argument<string>("FILE.npy") { Description = "The potential in volts, or the concentration of a species, (rows, columns)." }.Fills("replace_potential", "replace_species.field");
        var species = SpeciesOption.Create("Species to replace (kinetics only). Default: the potential.");
        var cast = CastOption.Create();
        return CreateAction(id, "replace", "Replaces the potential or a species.", [path, species, cast], (arguments, command) =>
        {
            var field = NpyField.Read(arguments.GetRequiredValue(path), arguments.GetValue(cast));
            if (arguments.GetValue(species) is { } symbol)
            {
                command.ReplaceSpecies = new ReplaceSpecies { Species = symbol, Field = field };
            }
            else
            {
                command.ReplacePotential = field;
            }
        });
    }

    private static Command CreateAction(
        Argument<string> id, string name, string description, IEnumerable<Symbol> symbols, Action<ParseResult, Wire.RunCommand> fill)
    {
        var commandId = new Option<string?>("--command-id") { Description = "Names the command within the run. Default: a new one.", HelpName = "ID" }.Fills("command_id");
        var output = new OutputOptions();
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Add(argument);
            }
            else
            {
                command.Add((Option)symbol);
            }
        }

        command.Add(commandId);
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var request = new Wire.RunCommand { CommandId = arguments.GetValue(commandId) ?? "" };
            fill(arguments, request);
            var response = await connection.UseAsync(
                arguments,
                answer,
                async client =>
                {
                    var runId = await RunReference.ResolveAsync(client, arguments.GetRequiredValue(id), cancellationToken);
                    using var steering = client.Runs.Steer(runId, new ReconnectOptions { Patience = Patience });
                    return await steering.SendAsync(request, cancellationToken);
                },
                cancellationToken);
            Write(answer, response);
            return ExitCode.Success;
        });
        return command;
    }

    private static void Write(Answer answer, SteerRunResponse response)
    {
        if (response.Refused is { } refusal)
        {
            throw refusal.ToRpcException();
        }

        var applied = response.Applied;
        answer.Write(
            new JsonRecord()
                .Add("command_id", response.CommandId)
                .Add("step", applied.Step)
                .Add("revision", applied.Revision)
                .Add("already_applied", applied.AlreadyApplied),
            $"{(applied.AlreadyApplied ? "had been applied" : "applied")} at step {applied.Step}, revision {applied.Revision}");
    }
}
