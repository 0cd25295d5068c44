using System.Net;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;

namespace Mfn.Client;

/// <summary>How a client reaches its server.</summary>
public sealed record MfnClientOptions
{
    /// <summary>The smallest <see cref="MaxSendBytes"/>: room for the longest id twice, and for something of its update.</summary>
    public const int LeastSendBytes = 1024;

    /// <summary>The largest <see cref="MaxSendBytes"/>.</summary>
    public const int MostSendBytes = 64 * 1024 * 1024;

    /// <summary>The most characters of <see cref="CorrelationId"/>.</summary>
    public const int MaxCorrelationIdLength = 48;

    /// <summary>Where the server is: http:// (HTTP/2 without TLS) or https://.</summary>
    public required Uri Address { get; init; }

    /// <summary>The largest message to accept, in bytes. The default holds a 1024 x 1024 field of doubles.</summary>
    public int MaxReceiveBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>
    /// The largest message of an upload, in bytes, from <see cref="LeastSendBytes"/> to <see cref="MostSendBytes"/>. A server takes messages up to its Limits:MaxRequestBytes, by default 4 MiB,
    /// and refuses larger ones with RESOURCE_EXHAUSTED and its limit.
    /// </summary>
    public int MaxSendBytes { get; init; } = 512 * 1024;

    /// <summary>A PEM file with the authorities that the server's certificate must chain to; none for the system's.</summary>
    public string? AuthorityFile { get; init; }

    /// <summary>A PEM file with the client's certificate; none if the server asks for none.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>The PEM file with the private key of <see cref="CertificateFile"/>.</summary>
    public string? KeyFile { get; init; }

    /// <summary>
    /// Gives the client's certificate with its key in place of <see cref="CertificateFile"/>, for certificates that are renewed; asked before each call, so that it should remember
    /// one as long as it holds. Calls go over connections of the one that it gives now. Watching and steering go on when a certificate was refused and this gives another one.
    /// What it throws ends the call with UNAVAILABLE.
    /// </summary>
    public Func<X509Certificate2>? GetCertificate { get; init; }

    /// <summary>
    /// Sent with every call as <c>authorization: Bearer KEY</c>; none if the server asks for none. Only over https://, or to this machine.
    /// </summary>
    public string? ApiKey { get; init; }

    /// <summary>
    /// Gives the key of each call in place of <see cref="ApiKey"/>, for keys that expire; it should remember one as long as it holds. Watching and steering go on when
    /// a key was refused and this gives another one. What it throws ends the call with UNAVAILABLE.
    /// </summary>
    public Func<CancellationToken, ValueTask<string>>? GetApiKey { get; init; }

    /// <summary>
    /// A file whose first line is sent in place of <see cref="ApiKey"/>: an API key, or a token that something else renews. It is read for
    /// each call.
    /// </summary>
    public string? TokenFile { get; init; }

    /// <summary>
    /// Sent with every call as <c>x-correlation-id</c>: what the server's logs know the calls by. 1 to <see cref="MaxCorrelationIdLength"/> letters, digits and <c>-_.:</c>.
    /// Without one, each call has the id of its caller's trace, or one that the server makes; <see cref="RpcExceptionExtensions.GetCorrelationId"/> tells that of a call that failed.
    /// </summary>
    public string? CorrelationId { get; init; }

    /// <summary>
    /// How long the server may take to accept a connection, and how long it may be silent before it is asked for a sign of life, which it
    /// has as long to give; at least a second.
    /// </summary>
    public TimeSpan MaxSilence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How often a call that changes nothing is made when it finds the server unavailable, the first time included: 1 to 5. One that computes or streams is made again only
    /// where no connection was made, or the server said when (RetryInfo): otherwise it may be under way, behind a proxy whose time is up.
    /// </summary>
    public int MaxTries { get; init; } = 4;

    /// <summary>
    /// How often a call is made that is over a quota which will soon allow it (RESOURCE_EXHAUSTED with QuotaFailure and RetryInfo), the first time included: 1 to 5. Each
    /// waits as long as it is told; nothing has been done for it before.
    /// </summary>
    public int MaxQuotaTries { get; init; } = 4;

    /// <summary>
    /// The longest that a call waits for a quota to allow it; from 0 to a day. If it takes longer, or the call's deadline comes before, the call fails at once. What a quota
    /// will allow within half a minute, servers keep for whoever waits.
    /// </summary>
    public TimeSpan MaxQuotaDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Told of each call that failed and is made again: how it failed, and after how long it is made again.</summary>
    public Action<RpcException, TimeSpan>? Retrying { get; init; }

    /// <summary>Told of each call that is answered: its method, such as /mfn.v1.MembraneService/ComputeNernstPotential, and after how long.</summary>
    public Action<string, TimeSpan>? Answered { get; init; }

    /// <summary>Whether a key may be sent to an address: over TLS, or to this machine.</summary>
    public static bool MayCarryKey(Uri address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.Scheme == "https" || address.IsLoopback || (IPAddress.TryParse(address.Host, out var host) && IPAddress.IsLoopback(host));
    }

    /// <summary>What it has, but not its secrets.</summary>
    public override string ToString() => $"{Address} (key: {(ApiKey is null && GetApiKey is null && TokenFile is null ? "none" : "set")})";
}
