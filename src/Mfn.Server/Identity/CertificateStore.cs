using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mfn.Server.Configuration;
using Mfn.Server.Logging;
using Mfn.Server.Security;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Identity;

/// <summary>The client certificates that are in use, and whose they are. Chains have been checked by whoever ended TLS. Thread-safe.</summary>
internal sealed partial class CertificateStore : IDisposable
{
    /// <summary>The most certificates that are kept.</summary>
    public const int MaxKept = 10_000;

    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private static readonly AuthenticateResult Expired = AuthenticateResult.Fail(CredentialRefusedException.Expired);
    private static readonly AuthenticateResult Revoked = AuthenticateResult.Fail(CredentialRefusedException.Revoked);
    private static readonly AuthenticateResult Unknown = Refuse("The certificate is nobody's that the server knows.");
    private static readonly AuthenticateResult NotAClients = Refuse("The certificate is not for clients (extended key usage clientAuth).");
    private static readonly AuthenticateResult Unreadable = AuthenticateResult.Fail(CredentialRefusedException.UnreadableCertificate);
    private static readonly AuthenticateResult Distrusted = AuthenticateResult.Fail(CredentialRefusedException.Distrusted);
    private static readonly AuthenticateResult Early = Refuse("The certificate is not valid yet.");

    private readonly ClientTrust? _trust;
    private readonly TimeProvider _clock;
    private readonly ILogger<CertificateStore> _logger;
    private readonly FollowedFile? _identityFile;
    private readonly FollowedFile? _revocationFile;
    private readonly ITimer _sweep;
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    // By the hash of a header, the certificate that it tells of.
    private readonly ConcurrentDictionary<string, string> _headers = new(StringComparer.Ordinal);
    private volatile CertificateIdentities _identities = CertificateIdentities.OfEverybody;
    private volatile RevocationLists _lists = RevocationLists.None;

    /// <exception cref="InvalidDataException">A file cannot be used (any more).</exception>
    public CertificateStore(IOptions<CertificateOptions> options, FollowedInputs inputs, ILogger<CertificateStore> logger, ClientTrust? trust = null)
    {
        (_clock, _logger, _trust) = (inputs.Clock, logger, trust);
        if (options.Value.File is { } file)
        {
            _identityFile = new FollowedFile($"{CertificateOptions.Section}:{nameof(CertificateOptions.File)}", file, text => Use(CertificateIdentities.Read(text), _lists), inputs, logger);
        }

        if (options.Value.RevocationFile is { } lists)
        {
            _revocationFile = new FollowedFile(
                $"{CertificateOptions.Section}:{nameof(CertificateOptions.RevocationFile)}", [lists], texts => Use(RevocationLists.Read(texts[0])), inputs, logger, mustSettle: true);
        }

        if (trust is not null)
        {
            trust.Changed += JudgeAll;
        }

        _sweep = _clock.CreateTimer(_ => Sweep(), state: null, SweepInterval, SweepInterval);
    }

    /// <summary>Told, on no particular thread, when other identities or lists of revoked certificates are in force.</summary>
    public event Action? Changed;

    /// <summary>What authentication answers to what a trusted proxy tells of its client's certificate. It is read once: that takes longer than most calls.</summary>
    public AuthenticateResult Authenticate(string header)
    {
        var hash = TokenStore.HashOf(header);
        if (_headers.TryGetValue(hash, out var known) && Find(known) is { } result)
        {
            return result;
        }

        if (ForwardedCertificate.Read(header) is not { } told)
        {
            return Unreadable;
        }

        var (answer, id) = told.Certificate is { } certificate
            ? (Authenticate(certificate, isForwarded: true), IdOf(certificate, isForwarded: true))
            : (Authenticate(told.Subject, told.Uris), IdOf(told.Subject, told.Uris));
        if (answer.Succeeded)
        {
            _headers[hash] = id;
        }

        return answer;
    }

    /// <summary>What authentication answers to a certificate whose chain somebody has checked.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="isForwarded">Whether that was a proxy, which has authorities of its own.</param>
    public AuthenticateResult Authenticate(X509Certificate2 certificate, bool isForwarded = false)
    {
        var id = IdOf(certificate, isForwarded);
        return Find(id) ?? Check(new Entry(certificate.Subject, CertificateIdentities.UrisOf(certificate), id, certificate, isForwarded));
    }

    /// <summary>The same for one of which a proxy tells the subject and URIs alone.</summary>
    public AuthenticateResult Authenticate(string subject, IReadOnlyList<string> uris)
    {
        var id = IdOf(subject, uris);
        return Find(id) ?? Check(new Entry(subject, uris, id, Certificate: null, IsForwarded: true));
    }

    public void Dispose()
    {
        if (_trust is not null)
        {
            _trust.Changed -= JudgeAll;
        }

        _sweep.Dispose();
        _identityFile?.Dispose();
        _revocationFile?.Dispose();
    }

    private static string IdOf(X509Certificate2 certificate, bool isForwarded) => $"{certificate.GetCertHashString(HashAlgorithmName.SHA256)}{(isForwarded ? "/forwarded" : "")}";

    private static string IdOf(string subject, IReadOnlyList<string> uris) => $"{subject}\n{string.Join('\n', uris)}";

    private AuthenticateResult? Find(string id)
    {
        if (!_entries.TryGetValue(id, out var entry) || entry.Credential is not { End: null } credential)
        {
            return null;
        }

        var now = _clock.GetUtcNow();
        entry.LastUse = now.UtcTicks;
        return credential.IsExpired(now) ? CredentialRefusedException.Expired.Of(credential.Identity) : credential.Accepted;
    }

    private AuthenticateResult Check(Entry entry)
    {
        var (certificate, now) = (entry.Certificate, _clock.GetUtcNow());
        if (certificate is not null)
        {
            if (certificate.NotAfter.ToUniversalTime() <= now.UtcDateTime)
            {
                return Expired;
            }

            if (certificate.NotBefore.ToUniversalTime() > now.UtcDateTime)
            {
                return Early;
            }

            if (!certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Any(usage => usage.EnhancedKeyUsages.Cast<Oid>().Any(each => each.Value == ClientAuthentication)))
            {
                return NotAClients;
            }
        }

        if (Judge(entry, out var identity) is { } refusal)
        {
            return refusal;
        }

        entry.Credential = new Credential(identity!, certificate is null ? null : new DateTimeOffset(certificate.NotAfter.ToUniversalTime(), TimeSpan.Zero));
        entry.LastUse = now.UtcTicks;
        entry = _entries.AddOrUpdate(entry.Id, entry, (_, old) => old.Credential?.End is null ? old : entry);

        // A file may have changed meanwhile.
        JudgeAgain(entry);
        return entry.Credential!.Accepted;
    }

    private AuthenticateResult? Judge(Entry entry, out CallerIdentity? identity)
    {
        // The whole print would be long in logs.
        identity = _identities.Find(entry.Subject, entry.Uris, entry.Certificate is null ? "" : entry.Id[..16]);
        if (entry.Certificate is { } certificate && _lists.Has(certificate))
        {
            return identity is null ? Revoked : CredentialRefusedException.Revoked.Of(identity);
        }

        if (entry is { IsForwarded: false, Certificate: { } own } && _trust?.IsTrusted(own) == false)
        {
            return identity is null ? Distrusted : CredentialRefusedException.Distrusted.Of(identity);
        }

        return identity is null ? Unknown : null;
    }

    private DateTimeOffset? Use(RevocationLists lists)
    {
        Use(_identities, lists);
        return lists.NextUpdate;
    }

    private void Use(CertificateIdentities identities, RevocationLists lists)
    {
        (_identities, _lists) = (identities, lists);
        if (lists.NextUpdate <= _clock.GetUtcNow())
        {
            LogOldList(lists.NextUpdate.Value);
        }

        JudgeAll();
    }

    private void JudgeAll()
    {
        foreach (var entry in _entries.Values)
        {
            JudgeAgain(entry);
        }

        Changed?.Invoke();
    }

    private void JudgeAgain(Entry entry)
    {
        if (Judge(entry, out var identity) is not null)
        {
            entry.Credential!.Finish(CredentialEnd.Revoked);
        }
        else if (identity != entry.Credential!.Identity)
        {
            entry.Credential.Finish(CredentialEnd.Changed, identity);
        }
    }

    private void Sweep()
    {
        var now = _clock.GetUtcNow();
        foreach (var (id, entry) in _entries)
        {
            if (entry.Credential!.IsExpired(now))
            {
                entry.Credential.Finish(CredentialEnd.Expired);
            }

            if (entry.Credential.End is not null)
            {
                _entries.TryRemove(KeyValuePair.Create(id, entry));
            }
        }

        if (_entries.Count > MaxKept)
        {
            foreach (var (id, entry) in _entries.OrderBy(each => each.Value.LastUse).Take(_entries.Count - MaxKept).ToArray())
            {
                _entries.TryRemove(KeyValuePair.Create(id, entry));
                entry.Credential!.Finish(CredentialEnd.Changed, entry.Credential.Identity);
            }
        }

        if (_headers.Count > MaxKept)
        {
            // They are read again when they come again.
            _headers.Clear();
        }

        foreach (var header in _headers)
        {
            if (!_entries.ContainsKey(header.Value))
            {
                _headers.TryRemove(header);
            }
        }
    }

    private static AuthenticateResult Refuse(string message) => AuthenticateResult.Fail(new CredentialRefusedException(CredentialEnd.Invalid, message));

    [LoggerMessage(EventId = 1205, EventName = "RevocationListOld", Level = LogLevel.Warning, Message = "The list of revoked certificates was to be replaced by {NextUpdate}: what was revoked since is not known")]
    [LogMeaning("Whoever publishes the list of revoked certificates is late. Those that were revoked since are still taken for good.")]
    private partial void LogOldList(DateTimeOffset nextUpdate);

    private sealed record Entry(string Subject, IReadOnlyList<string> Uris, string Id, X509Certificate2? Certificate, bool IsForwarded)
    {
        public Credential? Credential { get; set; }

        public long LastUse { get; set; }
    }
}
