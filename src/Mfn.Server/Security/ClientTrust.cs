using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mfn.Server.Configuration;
using Mfn.Server.Logging;
using Mfn.Server.Texts;

namespace Mfn.Server.Security;

/// <summary>
/// Which clients' certificates count: those of the authorities in a file that is followed. One that counted in its handshake is judged again when they change. Thread-safe.
/// </summary>
internal sealed partial class ClientTrust : IDisposable
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly TlsFile? _file;
    private readonly TimeProvider _clock;
    private readonly ILogger<ClientTrust> _logger;
    private readonly FollowedFile? _followed;

    // What a client has sent with its certificate in the handshake, which a call that comes later does not have. It is no reason to trust anybody.
    private readonly ConditionalWeakTable<X509Certificate2, X509Certificate2Collection> _presented = [];
    private IReadOnlyList<X509Certificate2Collection>? _authorities;

    /// <exception cref="InvalidDataException">The file cannot be used (any more).</exception>
    public ClientTrust(TlsCredentials credentials, FollowedInputs inputs, ILogger<ClientTrust> logger)
    {
        (_file, _clock, _logger) = (credentials.AuthorityFile, inputs.Clock, logger);
        if (_file is { } file)
        {
            _followed = new FollowedFile(file.Setting, [file.Path], texts => Use(file.Become(texts[0])), inputs, logger, mustSettle: true, ServerCertificate.Notice);
        }
    }

    /// <summary>Raised, on no particular thread, when other authorities are in force.</summary>
    public event Action? Changed;

    /// <summary>Whether clients are asked for certificates.</summary>
    public bool IsOn => _file is not null;

    /// <summary>Whether a client's certificate counts, in its handshake.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="presented">Has what else the client has sent; null if nothing.</param>
    public bool IsTrusted(X509Certificate2 certificate, X509Chain? presented)
    {
        // Those of the chain are disposed with it.
        X509Certificate2Collection others = [.. (presented?.ChainPolicy.ExtraStore ?? []).Select(other => X509CertificateLoader.LoadCertificate(other.RawDataMemory.Span))];
        var reasons = FindProblems(certificate, others);
        if (reasons.Length == 0)
        {
            _presented.AddOrUpdate(certificate, others);
            return true;
        }

        var subject = CallersText.Show(certificate.Subject, CallersText.LongestQuote);
        LogRefused(subject, reasons);
        return false;
    }

    /// <summary>Whether a client's certificate, which has counted in a handshake, still does.</summary>
    /// <param name="certificate">The object that the handshake had.</param>
    public bool IsTrusted(X509Certificate2 certificate) => !IsOn || FindProblems(certificate, _presented.TryGetValue(certificate, out var others) ? others : null).Length == 0;

    public void Dispose() => _followed?.Dispose();

    private DateTimeOffset? Use(TlsFile file)
    {
        var (problems, warnings) = (new List<string>(), new List<string>());
        var read = ClientAuthorities.Read(file, _clock.GetUtcNow(), problems, warnings);
        if (read is null || problems.Count > 0)
        {
            throw new InvalidDataException($"has no authorities that a server starts with: {string.Join(' ', problems)}");
        }

        foreach (var warning in warnings)
        {
            LogWarning(warning);
        }

        Volatile.Write(ref _authorities, read.Split());
        var names = CallersText.Show(string.Join("; ", read.Certificates.Select(authority => authority.Subject)), CallersText.LongestInLog);
        LogInForce(names);
        Changed?.Invoke();
        return read.Expires;
    }

    /// <summary>
    /// Authorities that are renewed under their old name are tried one by one: the library takes the first of a name, and looks for no other where its key is the wrong one.
    /// </summary>
    private string FindProblems(X509Certificate2 certificate, X509Certificate2Collection? others)
    {
        var reasons = "";
        foreach (var authorities in Volatile.Read(ref _authorities)!)
        {
            reasons = FindProblems(certificate, others, authorities);
            if (reasons.Length == 0)
            {
                break;
            }
        }

        return reasons;
    }

    private static string FindProblems(X509Certificate2 certificate, X509Certificate2Collection? others, X509Certificate2Collection authorities)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);

        // A private authority has no revocation service that could be asked.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        if (others is not null)
        {
            chain.ChainPolicy.ExtraStore.AddRange(others);
        }

        try
        {
            var problems = chain.Build(certificate) ? ClientCertificatePolicy.FindProblems(chain) : chain.ChainStatus.Select(status => status.StatusInformation);
            return CallersText.Show(string.Join(' ', problems), CallersText.LongestInLog);
        }
        catch (CryptographicException error)
        {
            return CallersText.Show(error.Message, CallersText.LongestInLog);
        }
    }

    [LoggerMessage(EventId = 1112, EventName = "ClientAuthoritiesQuestionable", Level = LogLevel.Warning, Message = "{Warning}")]
    [LogMeaning("Something of the authorities of clients' certificates needs somebody to look at it, such as that one expires soon.")]
    private partial void LogWarning(string warning);

    [LoggerMessage(EventId = 1113, EventName = "ClientAuthoritiesInForce", Level = LogLevel.Information, Message = "Clients' certificates count of {Authorities}")]
    [LogMeaning("The authorities by which clients' certificates are judged from now on.")]
    private partial void LogInForce(string authorities);

    [LoggerMessage(EventId = 1114, EventName = "ClientCertificateRefused", Level = LogLevel.Information, Message = "Client certificate {Subject} refused: {Reasons}")]
    [LogMeaning("A client showed a certificate that is not good; the reasons are those of the chain.")]
    private partial void LogRefused(string subject, string reasons);
}
