using System.CommandLine;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary><c>mfn run fork</c>: starts a run from a state of another.</summary>
internal static class ForkCommand
{
    public const string Name = "fork";

    public const string Examples = """
        Examples:
          mfn run fork ID
          mfn run fork ID --step 100 --alpha 0.1 --stop-after 500
        """;

    public static Command Create()
    {
        var id = RunCommand.IdArgument();
        var step = NumberOption.Create<long>("--step", "N", "From the state after this step. Default: the state now.").Fills("step").AtLeast(0);
        var changes = new ChangeOptions();
        var life = new LifeOptions();
        var output = new OutputOptions();
        var connection = ServerConnection.ToRunningServer();

        var command = new Command(Name, "Starts a run from a state of another and prints its id.") { id, step };
        foreach (var option in changes.All)
        {
            command.Add(option);
        }

        life.AddTo(command);
        output.AddTo(command);
        connection.AddTo(command);
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var answer = output.Open(arguments);
            var request = new ForkRunRequest { Changes = changes.Read(arguments), Stop = life.ReadStop(arguments), Paused = arguments.GetValue(life.Paused) };
            life.ReadName(arguments, name => request.Name = name);
            arguments.Apply(step, value => request.Step = value);
            arguments.Apply(life.Pace, value => request.StepsPerSecond = value);
            arguments.Apply(life.History, value => request.HistorySteps = value);

            var run = await connection.UseAsync(
                arguments,
                answer,
                async client =>
                {
                    request.RunId = await RunReference.ResolveAsync(client, arguments.GetRequiredValue(id), cancellationToken);
                    return await client.Runs.ForkAsync(request, cancellationToken);
                },
                cancellationToken);
            RunReport.WriteNew(answer, run, connection.Repeat(arguments));
            return ExitCode.Success;
        });
        return command;
    }
}
