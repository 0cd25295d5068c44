using Mfn.Server.Identity;

namespace Mfn.Server.Tests.Identity;

/// <summary>A file of API keys that lives as long as a test.</summary>
internal sealed class KeyFile : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-keys-");
    private readonly Dictionary<string, ApiKey> _keys = [];

    public KeyFile() => Save();

    public string Path => System.IO.Path.Combine(_folder.FullName, "keys.json");

    public string Setting => $"Auth:ApiKeys:File={Path}";

    /// <summary>A new key, which is in the file.</summary>
    public string Add(Roles roles, string tenant = TenantName.Default, string name = "somebody", DateTimeOffset? expires = null, DateTimeOffset? revoked = null)
    {
        var key = ApiKeyText.Create();
        _keys[key] = new ApiKey(key.Split('_')[1], name, tenant, roles, ApiKeyText.Hash(key), DateTimeOffset.UnixEpoch, expires, revoked);
        Save();
        return key;
    }

    /// <summary>Makes another key of one that is in the file.</summary>
    public void Change(string key, Func<ApiKey, ApiKey?> change)
    {
        var changed = change(_keys[key]);
        _keys.Remove(key);
        if (changed is not null)
        {
            _keys[key] = changed;
        }

        Save();
    }

    public void Revoke(string key) => Change(key, entry => entry with { Revoked = DateTimeOffset.UnixEpoch });

    public void Dispose() => _folder.Delete(recursive: true);

    private void Save()
    {
        var temporary = Path + ".new";
        using (var file = File.Create(temporary))
        {
            ApiKeyFile.Write(file, _keys.Values);
        }

        File.Move(temporary, Path, overwrite: true);
    }
}
