namespace Mfn.Server.Configuration;

/// <summary>The options that services take their settings from.</summary>
internal static class OptionsExtensions
{
    /// <summary>Binds the options to the settings of the server.</summary>
    public static void AddServerOptions(this IServiceCollection services)
    {
        services.AddOptions<LimitsOptions>().BindConfiguration(LimitsOptions.Section);
        services.AddOptions<StreamingOptions>().BindConfiguration(StreamingOptions.Section);
        services.AddOptions<RunsOptions>().BindConfiguration(RunsOptions.Section);
        services.AddOptions<ShutdownOptions>().BindConfiguration(ShutdownOptions.Section);
        services.AddOptions<SecretOptions>().BindConfiguration(SecretOptions.Section);
        services.AddOptions<MetricsOptions>().BindConfiguration(MetricsOptions.Section);
        services.AddOptions<LogOptions>().BindConfiguration(LogOptions.Section);
        services.AddOptions<TelemetryOptions>().BindConfiguration(TelemetryOptions.Section);
        services.AddOptions<WebOptions>().BindConfiguration(WebOptions.Section);
        services.AddOptions<ReflectionOptions>().BindConfiguration(ReflectionOptions.Section);
    }
}
