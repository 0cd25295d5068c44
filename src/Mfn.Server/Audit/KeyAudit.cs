using Mfn.Server.Identity;

namespace Mfn.Server.Audit;

/// <summary>
/// Notes when keys, tokens' keys and certificates' owners change, as the server takes them into force. Who has changed the files only the system could know.
/// </summary>
internal sealed class KeyAudit(AuditLog log, ApiKeyStore keys, TokenKeys tokenKeys, CertificateStore certificates, TimeProvider clock) : IHostedService
{
    private const int MostIds = 16;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (log.IsOn)
        {
            keys.Changed += NoteKeys;
            tokenKeys.Changed += NoteTokenKeys;
            certificates.Changed += NoteCertificates;
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        keys.Changed -= NoteKeys;
        tokenKeys.Changed -= NoteTokenKeys;
        certificates.Changed -= NoteCertificates;
        return Task.CompletedTask;
    }

    private void NoteKeys(IReadOnlyList<ApiKeyChange> changes) => _ = NoteKeysAsync(changes);

    private async Task NoteKeysAsync(IReadOnlyList<ApiKeyChange> changes)
    {
        foreach (var (key, action) in changes)
        {
            var facts = new List<(string, object)>
            {
                ("key_identity", key.Name), ("key_tenant", key.Tenant), ("key_roles", RoleNames.Of(key.Roles)), ("key_created", key.Created),
            };
            if (key.Expires is { } expires)
            {
                facts.Add(("key_expires", expires));
            }

            await log.NoteAsync(new AuditEvent(AuditEventKind.Key, clock.GetUtcNow()) { Action = action, Resource = $"keys/{key.Id}", Facts = facts });
        }
    }

    private void NoteTokenKeys() => Note("token_keys_changed", [("key_ids", tokenKeys.Current.Take(MostIds).Select(TokenKeys.PrintOf).ToArray())]);

    private void NoteCertificates() => Note("certificates_changed", []);

    private void Note(string action, IReadOnlyList<(string, object)> facts) =>
        _ = log.NoteAsync(new AuditEvent(AuditEventKind.Key, clock.GetUtcNow()) { Action = action, Facts = facts }).AsTask();
}
