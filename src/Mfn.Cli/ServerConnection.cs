using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Grpc.Core;
using Mfn.Cli.Contexts;
using Mfn.Cli.Flags;
using Mfn.Cli.Output;
using Mfn.Cli.Runs;
using Mfn.Client;
using Mfn.Server;

namespace Mfn.Cli;

/// <summary>
/// The options that say where a command's server is, and the client that they give: of that server, or of one in this process. What says where is
/// the first of: <c>--server</c> or <c>--context</c>, MFN_SERVER or MFN_CONTEXT, the context in use, the command's default.
/// </summary>
internal sealed class ServerConnection
{
    /// <summary>The URL of the server for commands that name none.</summary>
    public const string ServerVariable = "MFN_SERVER";

    /// <summary>The name of the context for commands that name no server.</summary>
    public const string ContextVariable = "MFN_CONTEXT";

    /// <summary>The API key for commands that give none.</summary>
    public const string KeyVariable = "MFN_KEY";

    /// <summary>What the correlation ids of commands begin with.</summary>
    public const string CorrelationPrefix = "mfn-";

    private const int DefaultMessageBytes = 512 * 1024;
    private const double DefaultTimeoutSeconds = 20;

    // One a command, whatever it calls, so that all of it is found in the server's log.
    private readonly string _correlationId = $"{CorrelationPrefix}{Guid.NewGuid():N}";
    private readonly Uri? _default;
    private readonly Option<Uri?> _server;
    private readonly Option<string?> _context = new("--context") { Description = "Name of the server's context (mfn context).", HelpName = "NAME" };
    private readonly Option<string?> _apiKey = new("--key") { Description = $"API key to send; others may see a command line: {KeyVariable} and contexts are safer.", HelpName = "KEY" };
    private readonly Option<string?> _tokenFile = new("--token-file") { Description = "File whose first line is the API key or a token; it is read again when it changes.", HelpName = "FILE" };
    private readonly Option<string?> _authority = new("--tls-ca", "--ca") { Description = "PEM file with the authorities that the server's certificate must chain to.", HelpName = "FILE" };
    private readonly Option<string?> _certificate = new("--tls-cert", "--client-cert") { Description = "PEM file with the client's certificate.", HelpName = "FILE" };
    private readonly Option<string?> _certificateKey = new("--tls-key", "--client-key") { Description = "PEM file with the key of the client's certificate.", HelpName = "FILE" };

    private readonly Option<bool> _trace = new("--trace") { Description = "Trace the command: tells the trace's id, and sends its spans to OTEL_EXPORTER_OTLP_ENDPOINT." };

    private readonly Option<double?> _timeout = NumberOption.Create<double>(
        "--timeout", "SECONDS", $"How long the server may be silent before it counts as dead: 2 to 86400. Default: {DefaultTimeoutSeconds}.").Within(2, 86400);

    private readonly Option<int?> _messageBytes = NumberOption.Create<int>(
        "--message-bytes",
        "N",
        $"Largest message to send: {MfnClientOptions.LeastSendBytes} to {MfnClientOptions.MostSendBytes}, at most the server's Limits:MaxRequestBytes. Default: {DefaultMessageBytes}.").Within(MfnClientOptions.LeastSendBytes, MfnClientOptions.MostSendBytes);

    /// <summary>To the server that is named, or else to one in this process.</summary>
    public ServerConnection(string otherwise = "a server in this process, on a free loopback port")
        : this(otherwise, null)
    {
    }

    private ServerConnection(string otherwise, Uri? address)
    {
        _context.CompletionSources.Add(_ => ContextFile.Complete());
        _default = address;
        _server = UrlOption.Create(
            "--server",
            $"URL of the server, http:// or https://{(address is null ? "; 'here' for none" : "")}. Default: {ServerVariable}, the context in use, {otherwise}.",
            allowsHere: address is null);
    }

    /// <summary>To a server that lives on after the command, by default where <c>mfn serve</c> listens.</summary>
    public static ServerConnection ToRunningServer() => new(MfnServer.DefaultUrl, new Uri(MfnServer.DefaultUrl));

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _server, _context, _apiKey, _tokenFile, _authority, _certificate, _certificateKey, _timeout, _trace })
        {
            command.Add(option);
        }

        RunCandidates.AddTo(command, this);
    }

    /// <summary>The same for a command that uploads.</summary>
    public void AddWithUploadTo(Command command)
    {
        AddTo(command);
        command.Add(_messageBytes);
    }

    /// <summary>Whether there is a server elsewhere to call; if not, options that are for one are refused.</summary>
    /// <exception cref="BadArgumentsException">Options do not go together, or there is no such context.</exception>
    public bool IsElsewhere(ParseResult arguments) => Find(arguments).Address is not null;

    /// <summary>Where the server is, of a command that has none in this process.</summary>
    /// <exception cref="BadArgumentsException">Options do not go together, or there is no such context.</exception>
    public Uri AddressOf(ParseResult arguments) => Find(arguments).Address!;

    /// <summary>What to add to a command that is shown to the user, so that it calls the same server; empty, or with a blank before it.</summary>
    public string Repeat(ParseResult arguments) =>
        (arguments.IsGiven(_server), arguments.IsGiven(_context)) switch
        {
            (true, _) => $" --server {arguments.GetValue(_server)!.OriginalString}",
            (_, true) => $" --context {arguments.GetValue(_context)}",
            _ => "",
        };

    /// <summary>Connects, calls, and stops the server in this process if there is one.</summary>
    /// <exception cref="NoServerException">There is no server, or what is there is none.</exception>
    public async Task<T> UseAsync<T>(ParseResult arguments, Answer answer, Func<MfnClient, Task<T>> call, CancellationToken cancellationToken)
    {
        if (!arguments.GetValue(_trace))
        {
            return await ConnectAndCallAsync(arguments, answer, call, cancellationToken);
        }

        using var trace = new CommandTrace(ParseProblems.PathOf(arguments), answer);
        try
        {
            return await ConnectAndCallAsync(arguments, answer, call, cancellationToken);
        }
        catch (Exception error)
        {
            trace.Fail(error);
            throw;
        }
    }

    private async Task<T> ConnectAndCallAsync<T>(ParseResult arguments, Answer answer, Func<MfnClient, Task<T>> call, CancellationToken cancellationToken)
    {
        var target = Find(arguments);
        var clock = Stopwatch.StartNew();
        if (target.Address is { } address)
        {
            answer.Trace($"server {address.OriginalString} ({target.Origin})");
            answer.Trace($"correlation id {_correlationId}");
            using var remote = Connect(arguments, target, answer);
            try
            {
                return await call(remote);
            }
            catch (RpcException error) when (NoServerException.From(address, error) is { } trouble)
            {
                throw trouble;
            }
            finally
            {
                answer.Trace($"done after {Milliseconds(clock.Elapsed)}");
            }
        }

        await using var server = MfnServer.BuildForThisProcess();
        await server.StartAsync(cancellationToken);
        answer.Trace($"server in this process, started after {Milliseconds(clock.Elapsed)}");
        using var local = Connect(arguments, target with { Address = new Uri(server.Urls.Single()) }, answer, isHere: true);
        var result = await call(local);
        await server.StopAsync(cancellationToken);
        answer.Trace($"done after {Milliseconds(clock.Elapsed)}");
        return result;
    }

    private ServerTarget Find(ParseResult arguments)
    {
        var problems = new List<string>();
        if (arguments.IsGiven(_server) && arguments.IsGiven(_context))
        {
            problems.Add("--server and --context exclude one another.");
        }

        if (arguments.IsGiven(_certificate) != arguments.IsGiven(_certificateKey))
        {
            problems.Add("--tls-cert and --tls-key must be given together.");
        }

        if (arguments.IsGiven(_apiKey) && arguments.IsGiven(_tokenFile))
        {
            problems.Add("--key and --token-file exclude one another.");
        }

        if (arguments.GetValue(_tokenFile) is { } file && ServerContext.FindKeyProblem(file) is { } unreadable)
        {
            problems.Add($"--token-file {unreadable}");
        }

        BadArgumentsException.ThrowIfAny(problems);
        var target = FindTarget(arguments);
        arguments.RequireFor(target.Address is not null, "with a server (--server, MFN_SERVER or a context)", problems, _apiKey, _tokenFile, _authority, _certificate, _certificateKey, _timeout, _messageBytes);
        arguments.RequireFor(target.Address?.Scheme != "http", $"with an https:// server, but it is {target.Address?.OriginalString}", problems, _authority, _certificate, _certificateKey);
        if (arguments.GetValue(_apiKey) is "")
        {
            problems.Add($"{_apiKey.Name} must not be empty.");
        }

        if (arguments.GetValue(_timeout) is { } seconds and not (>= 2 and <= 86400))
        {
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{_timeout.Name} must be between 2 and 86400, but was {seconds}."));
        }

        if (arguments.GetValue(_messageBytes) is { } bytes and not (>= MfnClientOptions.LeastSendBytes and <= MfnClientOptions.MostSendBytes))
        {
            problems.Add($"{_messageBytes.Name} must be between {MfnClientOptions.LeastSendBytes} and {MfnClientOptions.MostSendBytes}, but was {bytes}.");
        }

        BadArgumentsException.ThrowIfAny(problems);
        return target;
    }

    private ServerTarget FindTarget(ParseResult arguments)
    {
        if (arguments.GetValue(_server) is { } given)
        {
            return given == UrlOption.Here ? new ServerTarget(null, "--server") : new ServerTarget(given, "--server");
        }

        if (arguments.GetValue(_context) is { } name)
        {
            return Of(name, "--context");
        }

        var (url, context) = (Variable(ServerVariable), Variable(ContextVariable));
        if (url is not null && context is not null)
        {
            throw new BadArgumentsException($"{ServerVariable} and {ContextVariable} exclude one another.");
        }

        if (url is not null)
        {
            return Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && UrlOption.IsHostAlone(address)
                ? new ServerTarget(address, ServerVariable)
                : throw new BadArgumentsException($"{ServerVariable} must be a URL that begins with http:// or https:// and has a host and a port alone, but was '{url}'.");
        }

        if (context is not null)
        {
            return Of(context, ContextVariable);
        }

        return ContextFile.Load() is { Current: { } current } file
            ? new ServerTarget(file.Get(current).Server, $"context {current}", file.Get(current))
            : new ServerTarget(_default, "by default");

        static ServerTarget Of(string name, string origin)
        {
            var context = ContextFile.Load().Get(name);
            return new ServerTarget(context.Server, $"{origin} {name}", context);
        }
    }

    private MfnClient Connect(ParseResult arguments, ServerTarget target, Answer answer, bool isHere = false)
    {
        var address = target.Address!;
        var tokenFile = isHere ? null : arguments.GetValue(_tokenFile);
        var key = isHere || tokenFile is not null ? null : arguments.GetValue(_apiKey) ?? Variable(KeyVariable) ?? target.Context?.ReadKey();
        if ((key is not null || tokenFile is not null) && !MfnClientOptions.MayCarryKey(address))
        {
            throw new BadArgumentsException(ServerTarget.KeyInTheClear(address));
        }

        try
        {
            var certificate = arguments.GetValue(_certificate);
            var options = new MfnClientOptions
            {
                Address = address,
                AuthorityFile = arguments.GetValue(_authority) ?? target.Context?.AuthorityFile,
                CertificateFile = certificate ?? target.Context?.CertificateFile,
                KeyFile = certificate is null ? target.Context?.CertificateKeyFile : arguments.GetValue(_certificateKey),
                ApiKey = key,
                TokenFile = tokenFile,
                CorrelationId = isHere ? null : _correlationId,
                MaxSilence = TimeSpan.FromSeconds((arguments.GetValue(_timeout) ?? DefaultTimeoutSeconds) / 2),
                MaxTries = 1,
                Retrying = (error, delay) => answer.Note(string.Create(
                    CultureInfo.InvariantCulture, $"mfn: {WireName.Of(error.StatusCode)}: {error.Status.Detail} Trying again in {delay.TotalSeconds:0.0} s.")),
                Answered = (method, elapsed) => answer.Trace($"{method} answered after {Milliseconds(elapsed)}"),
                MaxSendBytes = arguments.GetValue(_messageBytes) ?? DefaultMessageBytes,
            };
            TlsFiles.RequireUsable(options.AuthorityFile, options.CertificateFile, options.KeyFile, OfContext);
            return new MfnClient(options);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new BadArgumentsException($"The TLS files cannot be used: {error.Message}");
        }
        catch (ArgumentException error)
        {
            throw new BadArgumentsException($"The server cannot be called: {error.Message}");
        }

        string OfContext(string option) =>
            arguments.GetResult(option) is OptionResult { Implicit: false } || target.Context is null ? "" : $" of the {target.Origin.Replace("--context", "context", StringComparison.Ordinal)}";
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string Milliseconds(TimeSpan elapsed) => string.Create(CultureInfo.InvariantCulture, $"{elapsed.TotalMilliseconds:0} ms");
}
