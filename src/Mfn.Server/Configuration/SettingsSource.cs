namespace Mfn.Server.Configuration;

/// <summary>The settings in force, for whoever binds options to them. All of them change at once.</summary>
/// <param name="settings">Those that the server starts with.</param>
/// <exception cref="InvalidSettingsException">Something is wrong with them.</exception>
internal sealed class SettingsSource(ServerSettings settings) : ConfigurationProvider, IConfigurationSource
{
    private IReadOnlyDictionary<string, string?> _values = settings.ToValues();

    /// <summary>The settings in force.</summary>
    public ServerSettings Current { get; private set; } = settings;

    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    public override void Load() => Data = new Dictionary<string, string?>(_values, StringComparer.OrdinalIgnoreCase);

    /// <summary>Puts others in their place.</summary>
    /// <exception cref="InvalidSettingsException">Something is wrong with them, and those before stay in force.</exception>
    public void Replace(ServerSettings others)
    {
        _values = others.ToValues();
        Current = others;
        Load();
        OnReload();
    }
}
