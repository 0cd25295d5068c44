using System.Buffers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;

namespace Mfn.Client;

/// <summary>
/// Opens channels to a client's server. What is uploaded has a connection of its own: one that is refused half way may still send when its call has
/// ended, for which a server may close the connection, with whatever else is on it.
/// </summary>
internal sealed class ChannelFactory
{
    private static readonly TimeSpan MinReconnectDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxReconnectDelay = TimeSpan.FromSeconds(5);

    // As servers take them; they pass over others.
    private static readonly SearchValues<char> IdLetters = SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.:");

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

        if (options.MaxQuotaTries is < 1 or > 5)
        {
            throw new ArgumentException($"{nameof(options.MaxQuotaTries)} must be between 1 and 5, but was {options.MaxQuotaTries}.", nameof(options));
        }

        if (options.MaxQuotaDelay < TimeSpan.Zero || options.MaxQuotaDelay > TimeSpan.FromDays(1))
        {
            throw new ArgumentException($"{nameof(options.MaxQuotaDelay)} must be between 0 and a day, but was {options.MaxQuotaDelay}.", nameof(options));
        }

        if (options.CorrelationId is { } id && (id.Length is 0 or > MfnClientOptions.MaxCorrelationIdLength || id.AsSpan().ContainsAnyExcept(IdLetters)))
        {
            throw new ArgumentException(
                $"{nameof(options.CorrelationId)} must be 1 to {MfnClientOptions.MaxCorrelationIdLength} letters, digits, '-', '_', '.' and ':', but was '{id}'.", nameof(options));
        }

        _options = options;
        Keys = new ApiKeys(options);
        _tls = ReadCertificates(options);
    }

    /// <summary>What calls carry.</summary>
    public ApiKeys Keys { get; }

    /// <summary>A channel that connects with its first call.</summary>
    public GrpcChannel Open() => GrpcChannel.ForAddress(_options.Address, new GrpcChannelOptions
    {
        HttpHandler = new CallHandler(Keys, _options.CorrelationId, _options.Answered, _options.GetCertificate is { } get ? new CertificateHandler(get, Connect) : Connect(_tls)),
        DisposeHttpClient = true,
        MaxReceiveMessageSize = _options.MaxReceiveBytes,

        // Those who try again wait by their own rules, and should not find a channel that will not connect for up to two minutes more.
        InitialReconnectBackoff = MinReconnectDelay,
        MaxReconnectBackoff = MaxReconnectDelay,
    });

    private SocketsHttpHandler Connect(SslClientAuthenticationOptions tls) => new()
    {
        SslOptions = tls,
        EnableMultipleHttp2Connections = true,
        ConnectTimeout = _options.MaxSilence,
        KeepAlivePingDelay = _options.MaxSilence,
        KeepAlivePingTimeout = _options.MaxSilence,
    };

    private SocketsHttpHandler Connect(X509Certificate2 certificate) => Connect(new SslClientAuthenticationOptions
    {
        CertificateChainPolicy = _tls.CertificateChainPolicy,
        ClientCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true),
    });

    private static SslClientAuthenticationOptions ReadCertificates(MfnClientOptions options)
    {
        var tls = new SslClientAuthenticationOptions();
        if (options.AuthorityFile is not null)
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(options.AuthorityFile);
            if (authorities.Count == 0)
            {
                // No server could be trusted, which every call would tell in other words.
                throw new ArgumentException($"{nameof(options.AuthorityFile)} must be a PEM file with certificates, but there is none in '{options.AuthorityFile}'.", nameof(options));
            }

            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(authorities);
            tls.CertificateChainPolicy = policy;
        }

        if (options.CertificateFile is null != options.KeyFile is null)
        {
            throw new ArgumentException(
                $"{nameof(options.CertificateFile)} and {nameof(options.KeyFile)} must be set together.", nameof(options));
        }

        if (options.CertificateFile is not null && options.GetCertificate is not null)
        {
            throw new ArgumentException($"{nameof(options.CertificateFile)} and {nameof(options.GetCertificate)} exclude one another.", nameof(options));
        }

        if (options.CertificateFile is not null)
        {
            var certificate = X509Certificate2.CreateFromPemFile(options.CertificateFile, options.KeyFile);
            tls.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null, offline: true);
        }

        return tls;
    }
}
