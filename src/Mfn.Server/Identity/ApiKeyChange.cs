namespace Mfn.Server.Identity;

/// <summary>What has become of an API key when the file of keys has changed.</summary>
/// <param name="Key">As it is now; as it was, if it is no longer there.</param>
/// <param name="Action">In a word: <c>created</c>, <c>changed</c>, <c>revoked</c> or <c>removed</c>.</param>
internal sealed record ApiKeyChange(ApiKey Key, string Action)
{
    /// <summary>The changes between two states of a file.</summary>
    public static IReadOnlyList<ApiKeyChange> Between(IEnumerable<ApiKey> before, IReadOnlyList<ApiKey> after)
    {
        var old = before.ToDictionary(key => key.Id);
        var changes = new List<ApiKeyChange>();
        foreach (var key in after)
        {
            if (!old.Remove(key.Id, out var known))
            {
                changes.Add(new ApiKeyChange(key, "created"));
            }
            else if (known.Revoked is null && key.Revoked is not null)
            {
                changes.Add(new ApiKeyChange(key, "revoked"));
            }
            else if (known with { Hash = key.Hash } != key || !known.Hash.Span.SequenceEqual(key.Hash.Span))
            {
                changes.Add(new ApiKeyChange(key, "changed"));
            }
        }

        changes.AddRange(old.Values.Select(key => new ApiKeyChange(key, "removed")));
        return changes;
    }
}
