using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net.Sockets;
using Mfn.Server;
using Microsoft.Extensions.Hosting;

namespace Mfn.Cli;

/// <summary><c>mfn serve</c>: runs the server until it is told to stop.</summary>
internal static class ServeCommand
{
    public const string Name = "serve";

    private const string Urls = "--urls";
    private const string Config = "--config";
    private const string Set = "--set";

    public const string Examples = """
        Examples:
          mfn serve
          mfn serve --urls http://127.0.0.1:0
          mfn serve --config mfn.json --set Limits:MaxConcurrentComputations=16
          mfn serve --urls https://0.0.0.0:50051 --set Tls:CertificateFile=server.pem --set Tls:KeyFile=server.key --set Auth:ApiKeys:File=keys.json

        Settings (docs/configuration.md) come from --set, then from the environment (MFN_Limits__MaxSteps=500), then from the file.
        Where others can reach the server, callers must show who they are (docs/security.md), or Auth:AllowAnonymous=true lets everybody in.
        SIGTERM or Ctrl-C stops: no new runs, those under way get Shutdown:DrainTime to end.
        """;

    public static Command Create()
    {
        var urls = new Option<string?>(Urls)
        {
            Description = $"Where to listen; several with semicolons; port 0 takes a free one. Default: {MfnServer.DefaultUrl}.",
            HelpName = "URLS",
        };
        var config = new Option<string?>(Config) { Description = "JSON file with settings.", HelpName = "FILE" };
        var settings = new Option<string[]>(Set)
        {
            Description = "One setting, such as Limits:MaxSteps=500. May be repeated.",
            HelpName = "KEY=VALUE",
            DefaultValueFactory = _ => [],
        };
        settings.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !IsPair(token.Value)))
            {
                result.AddError($"--set must be KEY=VALUE, but was '{token.Value}'.");
            }
        });

        var command = new Command(Name, "Runs the server.") { urls, config, settings };
        command.SetAction((arguments, cancellationToken) => ServeAsync(
            Arguments(arguments.GetValue(urls), arguments.GetValue(config), arguments.GetValue(settings)!), cancellationToken));
        return command;
    }

    /// <summary>What is wrong with the settings of a command line that is wrong itself.</summary>
    public static IReadOnlyList<string> Problems(ParseResult parsed)
    {
        return MfnServer.FindProblems(Arguments(Words(Urls).FirstOrDefault(), Words(Config).FirstOrDefault(), [.. Words(Set).Where(IsPair)]));

        IEnumerable<string> Words(string option) => parsed.GetResult(option) is OptionResult given ? given.Tokens.Select(token => token.Value).Where(word => word.Length > 0) : [];
    }

    private static bool IsPair(string setting) => setting.IndexOf('=', StringComparison.Ordinal) > 0;

    private static string[] Arguments(string? urls, string? config, string[] settings)
    {
        var arguments = settings.SelectMany(setting => new[] { "--set", setting }).ToList();
        if (urls is not null)
        {
            arguments.Add($"--urls={urls}");
        }

        if (config is not null)
        {
            arguments.Add($"--config={config}");
        }

        return [.. arguments];
    }

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
