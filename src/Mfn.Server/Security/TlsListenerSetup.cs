using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Mfn.Server.Texts;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Security;

/// <summary>Gives https listeners the configured certificate, and asks clients for theirs if authorities are configured.</summary>
internal sealed partial class TlsListenerSetup(TlsCredentials credentials, ILogger<TlsListenerSetup> logger) : IConfigureOptions<KestrelServerOptions>
{
    public void Configure(KestrelServerOptions kestrel)
    {
        foreach (var warning in credentials.Warnings)
        {
            LogWarning(warning);
        }

        if (credentials.Certificate is not { } certificate)
        {
            return;
        }

        kestrel.ConfigureHttpsDefaults(https =>
        {
            https.ServerCertificate = certificate;

            // Whatever the system's policy still allows.
            https.SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13;
            https.ServerCertificateChain = credentials.Chain;
            if (credentials.Authorities is { } authorities)
            {
                https.ClientCertificateMode = credentials.RequiresClientCertificate ? ClientCertificateMode.RequireCertificate : ClientCertificateMode.AllowCertificate;
                https.ClientCertificateValidation = (client, presented, _) => IsTrusted(client, presented, authorities);
            }
        });
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

        var problems = chain.Build(certificate) ? ClientCertificatePolicy.FindProblems(chain) : chain.ChainStatus.Select(status => status.StatusInformation);
        var reasons = CallersText.Show(string.Join(' ', problems), CallersText.LongestInLog);
        if (reasons.Length == 0)
        {
            return true;
        }

        var subject = CallersText.Show(certificate.Subject, CallersText.LongestQuote);
        LogRefused(subject, reasons);
        return false;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    private partial void LogWarning(string warning);

    [LoggerMessage(Level = LogLevel.Information, Message = "Client certificate {Subject} refused: {Reasons}")]
    private partial void LogRefused(string subject, string reasons);
}
