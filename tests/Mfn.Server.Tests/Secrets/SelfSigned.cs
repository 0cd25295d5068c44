using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Grpc.Net.Client;

namespace Mfn.Server.Tests.Secrets;

/// <summary>A certificate of this machine, and clients that trust it and no other.</summary>
internal sealed class SelfSigned : IDisposable
{
    private readonly X509Certificate2 _certificate;

    public SelfSigned()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        (Certificate, Key) = (_certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The certificate in PEM.</summary>
    public string Certificate { get; }

    /// <summary>Its key in PEM.</summary>
    public string Key { get; }

    public RemoteCertificateValidationCallback Trust => (_, shown, _, _) => shown!.GetCertHashString() == _certificate.GetCertHashString();

    public SocketsHttpHandler CreateHandler()
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = Trust;
        return handler;
    }

    /// <summary>A channel to a server that shows it.</summary>
    public GrpcChannel Connect(string address) => GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = CreateHandler(), DisposeHttpClient = true });

    public void Dispose() => _certificate.Dispose();
}
