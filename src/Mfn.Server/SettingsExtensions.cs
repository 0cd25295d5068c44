using Mfn.Server.Configuration;
using Mfn.Server.Secrets;

namespace Mfn.Server;

/// <summary>Gives a server its settings.</summary>
internal static class SettingsExtensions
{
    /// <summary>Binds options to the settings, which follow their file while the server runs.</summary>
    /// <exception cref="InvalidSettingsException">Something is wrong with them.</exception>
    public static void AddSettings(this WebApplicationBuilder builder, ServerSettings settings)
    {
        var source = new SettingsSource(settings);
        ((IConfigurationBuilder)builder.Configuration).Add(source);
        builder.Services.AddSingleton(source);
        builder.Services.AddSingleton(_ => settings.Secrets);
        builder.Services.AddSingleton(provider => new FollowedInputs(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<SecretStore>()));
        builder.Services.AddServerOptions();
        builder.Services.AddHostedService<SecretRefresher>();
        builder.Services.AddHostedService<SettingsFollower>();
        builder.Services.AddHostedService<FollowedNotice>();
    }
}
