using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Security;

/// <summary>Gives https listeners the configured certificate, and asks clients for theirs if authorities are configured.</summary>
internal sealed partial class TlsListenerSetup(IOptions<TlsOptions> options, ILogger<TlsListenerSetup> logger) : IConfigureOptions<KestrelServerOptions>
{
    public void Configure(KestrelServerOptions kestrel)
    {
        var tls = options.Value;
        if (tls.CertificateFile is null)
        {
            return;
        }

        var certificate = X509Certificate2.CreateFromPemFile(tls.CertificateFile, tls.KeyFile);
        var intermediates = new X509Certificate2Collection();
        intermediates.ImportFromPemFile(tls.CertificateFile);
        kestrel.ConfigureHttpsDefaults(https =>
        {
            https.ServerCertificate = certificate;
            https.ServerCertificateChain = intermediates;
            if (tls.ClientAuthorityFile is not null)
            {
                RequireClientCertificate(https, tls.ClientAuthorityFile);
            }
        });
    }

    private void RequireClientCertificate(HttpsConnectionAdapterOptions https, string authorityFile)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(authorityFile);

        https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        https.ClientCertificateValidation = (certificate, presented, _) => IsTrusted(certificate, presented, authorities);
    }

    private bool IsTrusted(X509Certificate2 certificate, X509Chain? presented, X509Certificate2Collection authorities)
    {
        const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);

        // A private authority has no revocation service that could be asked.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(ClientAuthentication));
        if (presented is not null)
        {
            chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        }

        if (chain.Build(certificate))
        {
            return true;
        }

        var reasons = string.Join(' ', chain.ChainStatus.Select(status => status.StatusInformation));
        LogRefused(certificate.Subject, reasons);
        return false;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Client certificate {Subject} refused: {Reasons}")]
    private partial void LogRefused(string subject, string reasons);
}
