using System.CommandLine;
using System.Security.Cryptography;
using Mfn.Client;
using Mfn.Server;

namespace Mfn.Cli;

/// <summary>The options that say where a command's server is, and the client that they give: of that server, or of one in this process.</summary>
internal sealed class ServerConnection
{
    private readonly Uri? _default;

    private readonly Option<Uri?> _server = new("--server")
    {
        Description = "URL of the server, http:// or https://. Default: a server in this process, on a free loopback port.",
        HelpName = "URL",
        CustomParser = result =>
        {
            if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            {
                return url;
            }

            result.AddError($"--server must be a URL that begins with http:// or https://, but was '{result.Tokens[0].Value}'.");
            return null;
        },
    };

    private readonly Option<string?> _authority = new("--tls-ca") { Description = "PEM file with the authorities that the server's certificate must chain to.", HelpName = "FILE" };
    private readonly Option<string?> _certificate = new("--tls-cert") { Description = "PEM file with the client's certificate.", HelpName = "FILE" };
    private readonly Option<string?> _key = new("--tls-key") { Description = "PEM file with the key of the client's certificate.", HelpName = "FILE" };

    public ServerConnection()
    {
    }

    private ServerConnection(string defaultUrl)
    {
        _default = new Uri(defaultUrl);
        _server.Description = $"URL of the server, http:// or https://. Default: {defaultUrl}.";
    }

    /// <summary>To a server that lives on after the command, by default where <c>mfn serve</c> listens.</summary>
    public static ServerConnection ToRunningServer() => new(MfnServer.DefaultUrl);

    public void AddTo(Command command)
    {
        command.Add(_server);
        command.Add(_authority);
        command.Add(_certificate);
        command.Add(_key);
    }

    /// <summary>Connects, calls, and stops the server in this process if there is one, which has the settings.</summary>
    public async Task<T> UseAsync<T>(
        ParseResult arguments, Func<MfnClient, Task<T>> call, CancellationToken cancellationToken, params string[] settings)
    {
        if ((arguments.GetValue(_server) ?? _default) is { } address)
        {
            using var remote = Connect(arguments, address);
            return await call(remote);
        }

        await using var server = MfnServer.Build(["--urls=http://127.0.0.1:0", "--Logging:LogLevel:Default=Warning", .. settings]);
        await server.StartAsync(cancellationToken);
        using var local = Connect(arguments, new Uri(server.Urls.Single()));
        var result = await call(local);
        await server.StopAsync(cancellationToken);
        return result;
    }

    private MfnClient Connect(ParseResult arguments, Uri address)
    {
        try
        {
            return new MfnClient(new MfnClientOptions
            {
                Address = address,
                AuthorityFile = arguments.GetValue(_authority),
                CertificateFile = arguments.GetValue(_certificate),
                KeyFile = arguments.GetValue(_key),
            });
        }
        catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new BadArgumentsException($"The TLS files cannot be used: {error.Message}");
        }
    }
}
