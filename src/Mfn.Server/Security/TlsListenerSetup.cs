using System.Security.Authentication;
using Mfn.Server.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Security;

/// <summary>Gives https listeners the certificate in force, and asks clients for theirs if authorities are configured.</summary>
internal sealed class TlsListenerSetup(TlsCredentials credentials, ClientTrust trust, FollowedInputs inputs, ILogger<CertificateInForce> logger)
    : IConfigureOptions<KestrelServerOptions>, IDisposable
{
    private CertificateInForce? _certificate;

    public void Configure(KestrelServerOptions kestrel)
    {
        if (credentials.CertificateFile is not { } certificateFile || credentials.KeyFile is not { } keyFile)
        {
            return;
        }

        // One for all listeners.
        var certificate = _certificate ??= new CertificateInForce(certificateFile, keyFile, inputs, logger);
        kestrel.ConfigureHttpsDefaults(https =>
        {
            // Asked for only so that there is one: it would come without its chain.
            https.ServerCertificateSelector = (_, _) => certificate.Context.TargetCertificate;
            https.OnAuthenticate = (_, handshake) =>
            {
                handshake.ServerCertificateSelectionCallback = null;
                handshake.ServerCertificateContext = certificate.Context;

                // A session that is resumed does not have what the client sent with its certificate, so that it could not be judged again.
                handshake.AllowTlsResume = !trust.IsOn;
            };

            // Whatever the system's policy still allows.
            https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
            if (trust.IsOn)
            {
                https.ClientCertificateMode = credentials.RequiresClientCertificate ? ClientCertificateMode.RequireCertificate : ClientCertificateMode.AllowCertificate;
                https.ClientCertificateValidation = (client, presented, _) => trust.IsTrusted(client, presented);
            }
        });
    }

    public void Dispose() => _certificate?.Dispose();
}
