using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Mfn.Client.Runs;

namespace Mfn.Client;

/// <summary>
/// Opens channels to a client's server. What is uploaded has a connection of its own: one that is refused half way may still send when its call has
/// ended, for which a server may close the connection, with whatever else is on it.
/// </summary>
internal sealed class ChannelFactory
{
    private readonly MfnClientOptions _options;
    private readonly SslClientAuthenticationOptions _tls;

    /// <exception cref="ArgumentException">An option cannot be used.</exception>
    /// <exception cref="IOException">A certificate file cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A certificate file is not PEM.</exception>
    public ChannelFactory(MfnClientOptions options)
    {
        if (options.Address.Scheme is not ("http" or "https"))
        {
            throw new ArgumentException($"The address must begin with http:// or https://, but was '{options.Address}'.", nameof(options));
        }

        if (options.MaxSendBytes is < MfnClientOptions.LeastSendBytes or > MfnClientOptions.MostSendBytes)
        {
            throw new ArgumentException(
                $"{nameof(options.MaxSendBytes)} must be between {MfnClientOptions.LeastSendBytes} and {MfnClientOptions.MostSendBytes}, but was {options.MaxSendBytes}.",
                nameof(options));
        }

        if (options.MaxSilence < TimeSpan.FromSeconds(1) || options.MaxSilence.TotalMilliseconds > int.MaxValue)
        {
            throw new ArgumentException($"{nameof(options.MaxSilence)} must be at least a second and at most 24 days, but was {options.MaxSilence}.", nameof(options));
        }

        if (options.MaxTries is < 1 or > 5)
        {
            throw new ArgumentException($"{nameof(options.MaxTries)} must be between 1 and 5, but was {options.MaxTries}.", nameof(options));
        }

        if (options.ApiKey is not null && !MfnClientOptions.MayCarryKey(options.Address))
        {
            throw new ArgumentException($"An API key is sent over https:// or to this machine only, but the address is '{options.Address}'.", nameof(options));
        }

        if (options.ApiKey is not null && (options.ApiKey.Length == 0 || options.ApiKey.Any(character => character is <= ' ' or > '~')))
        {
            throw new ArgumentException("An API key must have visible ASCII characters alone, and at least one.", nameof(options));
        }

        _options = options;
        _tls = ReadCertificates(options);
    }

    /// <summary>A channel that connects with its first call.</summary>
    public GrpcChannel Open() => GrpcChannel.ForAddress(_options.Address, new GrpcChannelOptions
    {
        HttpHandler = new CallHandler(_options.ApiKey, _options.Answered, new SocketsHttpHandler
        {
            SslOptions = _tls,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = _options.MaxSilence,
            KeepAlivePingDelay = _options.MaxSilence,
            KeepAlivePingTimeout = _options.MaxSilence,
        }),
        DisposeHttpClient = true,
        MaxReceiveMessageSize = _options.MaxReceiveBytes,
        ServiceConfig = _options.MaxTries == 1
            ? null
            : new ServiceConfig { MethodConfigs = { RetryWhenUnavailable(_options.MaxTries), RunClient.NeverRetried() } },
    });

    // A call is a pure function of its request, or reads, so that it may be sent twice; those that are not have a rule of their own.
    private static MethodConfig RetryWhenUnavailable(int maxTries) => new()
    {
        Names = { MethodName.Default },
        RetryPolicy = new RetryPolicy
        {
            MaxAttempts = maxTries,
            InitialBackoff = TimeSpan.FromMilliseconds(100),
            MaxBackoff = TimeSpan.FromSeconds(2),
            BackoffMultiplier = 3,
            RetryableStatusCodes = { StatusCode.Unavailable },
        },
    };

    private static SslClientAuthenticationOptions ReadCertificates(MfnClientOptions options)
    {
        var tls = new SslClientAuthenticationOptions();
        if (options.AuthorityFile is not null)
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(options.AuthorityFile);
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(authorities);
            tls.CertificateChainPolicy = policy;
        }

        if (options.CertificateFile is null != options.KeyFile is null)
        {
            throw new ArgumentException(
                $"{nameof(options.CertificateFile)} and {nameof(options.KeyFile)} must be set together.", nameof(options));
        }

        if (options.CertificateFile is not null)
        {
            var certificate = X509Certificate2.CreateFromPemFile(options.CertificateFile, options.KeyFile);
            tls.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        }

        return tls;
    }
}
