using System.CommandLine;
using System.Security.Cryptography;
using Mfn.Client;
using Mfn.Server;

namespace Mfn.Cli;

/// <summary>The options that say where a command's server is, and the client that they give: of that server, or of one in this process.</summary>
internal sealed class ServerConnection(string otherwise = "a server in this process, on a free loopback port")
{
    private const int DefaultMessageBytes = 512 * 1024;

    private readonly Option<Uri?> _server = new("--server")
    {
        Description = $"URL of the server, http:// or https://. Default: {otherwise}.",
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

    private readonly Option<int?> _messageBytes = NumberOption.Create<int>(
        "--message-bytes",
        "N",
        $"Largest message to send: {MfnClientOptions.LeastSendBytes} to {MfnClientOptions.MostSendBytes}, at most the server's Limits:MaxRequestBytes. Default: {DefaultMessageBytes}.");

    public void AddTo(Command command)
    {
        command.Add(_server);
        command.Add(_authority);
        command.Add(_certificate);
        command.Add(_key);
    }

    /// <summary>The same for a command that uploads.</summary>
    public void AddWithUploadTo(Command command)
    {
        AddTo(command);
        command.Add(_messageBytes);
    }

    /// <summary>Whether the arguments name a server.</summary>
    public bool IsElsewhere(ParseResult arguments) => arguments.GetValue(_server) is not null;

    /// <summary>Connects, calls, and stops the server in this process if there is one.</summary>
    public async Task<T> UseAsync<T>(ParseResult arguments, Func<MfnClient, Task<T>> call, CancellationToken cancellationToken)
    {
        if (arguments.GetValue(_server) is { } address)
        {
            using var remote = Connect(arguments, address);
            return await call(remote);
        }

        await using var server = MfnServer.Build(["--urls=http://127.0.0.1:0", "--Logging:LogLevel:Default=Warning"]);
        await server.StartAsync(cancellationToken);
        using var local = Connect(arguments, new Uri(server.Urls.Single()));
        var result = await call(local);
        await server.StopAsync(cancellationToken);
        return result;
    }

    private MfnClient Connect(ParseResult arguments, Uri address)
    {
        var messageBytes = arguments.GetValue(_messageBytes) ?? DefaultMessageBytes;
        if (messageBytes is < MfnClientOptions.LeastSendBytes or > MfnClientOptions.MostSendBytes)
        {
            throw new BadArgumentsException(
                $"{_messageBytes.Name} must be between {MfnClientOptions.LeastSendBytes} and {MfnClientOptions.MostSendBytes}, but was {messageBytes}.");
        }

        try
        {
            return new MfnClient(new MfnClientOptions
            {
                Address = address,
                AuthorityFile = arguments.GetValue(_authority),
                CertificateFile = arguments.GetValue(_certificate),
                KeyFile = arguments.GetValue(_key),
                MaxSendBytes = messageBytes,
            });
        }
        catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new BadArgumentsException($"The TLS files cannot be used: {error.Message}");
        }
    }
}
