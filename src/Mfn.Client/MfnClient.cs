using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Mfn.Contracts.V1;

namespace Mfn.Client;

/// <summary>
/// A connection to an Mfn server. Thread-safe; share one. Every method throws <see cref="RpcException"/> when a call fails, whose details
/// <see cref="RpcExceptionExtensions"/> reads. A call that never reached the server is tried again, four times in all.
/// </summary>
public sealed class MfnClient : IDisposable
{
    private readonly SocketsHttpHandler _handler;
    private readonly GrpcChannel _channel;
    private readonly SimulationService.SimulationServiceClient _simulation;
    private readonly MembraneService.MembraneServiceClient _membrane;

    /// <summary>A client that connects with its first call.</summary>
    /// <exception cref="ArgumentException">The address is neither http:// nor https://, or there is a certificate without a key or the reverse.</exception>
    /// <exception cref="IOException">A certificate file cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">A certificate file is not PEM.</exception>
    public MfnClient(MfnClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Address.Scheme is not ("http" or "https"))
        {
            throw new ArgumentException($"The address must begin with http:// or https://, but was '{options.Address}'.", nameof(options));
        }

        _handler = CreateHandler(options);
        _channel = GrpcChannel.ForAddress(options.Address, new GrpcChannelOptions
        {
            HttpHandler = _handler,
            MaxReceiveMessageSize = options.MaxReceiveBytes,
            ServiceConfig = new ServiceConfig { MethodConfigs = { RetryWhenUnavailable() } },
        });
        _simulation = new SimulationService.SimulationServiceClient(_channel);
        _membrane = new MembraneService.MembraneServiceClient(_channel);
    }

    /// <summary>Runs a simulation on the server and returns what came out.</summary>
    public async Task<SimulateResponse> SimulateAsync(SimulateRequest request, CancellationToken cancellationToken = default) =>
        await _simulation.SimulateAsync(request, cancellationToken: cancellationToken);

    /// <summary>
    /// Runs a simulation on the server and returns its frames, then its summary, as they come. The server computes no more than a few frames
    /// ahead of the reader, and stops when the enumeration does.
    /// </summary>
    public async IAsyncEnumerable<StreamSimulationResponse> StreamSimulationAsync(
        StreamSimulationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var call = _simulation.StreamSimulation(request, cancellationToken: cancellationToken);
        await foreach (var response in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            yield return response;
        }
    }

    /// <summary>Computes the equilibrium potential of one ion across a membrane.</summary>
    public async Task<ComputeNernstPotentialResponse> ComputeNernstPotentialAsync(
        ComputeNernstPotentialRequest request, CancellationToken cancellationToken = default) =>
        await _membrane.ComputeNernstPotentialAsync(request, cancellationToken: cancellationToken);

    /// <summary>Ends the calls under way and closes the connection.</summary>
    public void Dispose()
    {
        _channel.Dispose();
        _handler.Dispose();
    }

    // Every call so far is a pure function of its request, so that it may be sent twice.
    private static MethodConfig RetryWhenUnavailable() => new()
    {
        Names = { MethodName.Default },
        RetryPolicy = new RetryPolicy
        {
            MaxAttempts = 4,
            InitialBackoff = TimeSpan.FromMilliseconds(100),
            MaxBackoff = TimeSpan.FromSeconds(2),
            BackoffMultiplier = 3,
            RetryableStatusCodes = { StatusCode.Unavailable },
        },
    };

    private static SocketsHttpHandler CreateHandler(MfnClientOptions options)
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

        return new SocketsHttpHandler
        {
            SslOptions = tls,
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(20),
        };
    }
}
