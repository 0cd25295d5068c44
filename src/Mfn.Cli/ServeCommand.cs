using System.CommandLine;
using System.Net.Sockets;
using Mfn.Cli.Configuration;
using Mfn.Server;
using Microsoft.Extensions.Hosting;

namespace Mfn.Cli;

/// <summary><c>mfn serve</c>: runs the server until it is told to stop.</summary>
internal static class ServeCommand
{
    public const string Name = "serve";

    public const string Examples = """
        Examples:
          mfn serve
          mfn serve --urls http://127.0.0.1:0
          mfn serve --environment prod --config mfn.json
          mfn serve --config mfn.json --set Limits:MaxConcurrentComputations=16
          mfn serve --urls https://0.0.0.0:50051 --set Tls:CertificateFile=server.pem --set Tls:KeyFile=server.key --set Auth:ApiKeys:File=keys.json

        Settings (docs/configuration.md) come from --set, then from environment variables (MFN_Limits__MaxSteps=500), then from the file, then from --environment.
        mfn config explain tells which does, mfn config check what is wrong.
        Where others can reach the server, callers must show who they are (docs/security.md), or Auth:AllowAnonymous=true lets everybody in.
        SIGTERM or Ctrl-C stops: no new runs, those under way get Shutdown:DrainTime to end.
        """;

    public static Command Create()
    {
        var settings = new SettingsOptions();
        var command = new Command(Name, "Runs the server.");
        settings.AddTo(command);
        command.SetAction((arguments, cancellationToken) => ServeAsync(settings.Read(arguments), cancellationToken));
        return command;
    }

    /// <summary>What is wrong with the settings of a command line that is wrong itself.</summary>
    public static IReadOnlyList<string> Problems(ParseResult parsed) => MfnServer.FindProblems(SettingsOptions.ReadWords(parsed));

    private static void Tell(IEnumerable<string> urls)
    {
        try
        {
            foreach (var url in urls)
            {
                Console.WriteLine($"Listening on {url}");
            }
        }
        catch (OperationCanceledException)
        {
            // Whoever started the server has read what it wanted to know, and left.
        }
    }

    /// <exception cref="IOException">The server cannot listen where it is told to.</exception>
    private static async Task<int> ServeAsync(string[] arguments, CancellationToken cancellationToken)
    {
        await using var server = MfnServer.Build(arguments);
        try
        {
            await server.StartAsync(cancellationToken);
        }
        catch (SocketException error)
        {
            throw new IOException($"The server cannot listen at {server.Configuration["Urls"] ?? MfnServer.DefaultUrl}: {error.Message}", error);
        }

        Tell(server.Urls);
        await server.WaitForShutdownAsync(cancellationToken);
        return ExitCode.Success;
    }
}
