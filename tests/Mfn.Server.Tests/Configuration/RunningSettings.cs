using System.Collections;
using Mfn.Server.Configuration;
using Mfn.Server.Tests.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Tests.Configuration;

/// <summary>The settings of a server that runs, without the server, on a clock that the test sets.</summary>
internal sealed class RunningSettings : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly SettingsFollower _follower;

    private RunningSettings(ServiceProvider services, SettingsFollower follower, FollowedInputs inputs) => (_services, _follower, Inputs) = (services, follower, inputs);

    /// <summary>What is followed.</summary>
    public FollowedInputs Inputs { get; }

    public LimitsOptions Limits => Monitor<LimitsOptions>().CurrentValue;

    public StreamingOptions Streaming => Monitor<StreamingOptions>().CurrentValue;

    public IOptionsMonitor<T> Monitor<T>()
        where T : class => _services.GetRequiredService<IOptionsMonitor<T>>();

    /// <summary>What is in force of a live setting.</summary>
    public object? Find(Setting setting)
    {
        var split = setting.Name.LastIndexOf(':');
        object options = setting.Name[..split] switch
        {
            LimitsOptions.Section => Limits,
            StreamingOptions.Section => Streaming,
            LogOptions.Section => Monitor<LogOptions>().CurrentValue,
            AuditOptions.Section => Monitor<AuditOptions>().CurrentValue,
            JwtOptions.Section => Monitor<JwtOptions>().CurrentValue,
            ProxyOptions.Section => Monitor<ProxyOptions>().CurrentValue,
            QuotaExceptionOptions.Section => Monitor<QuotaExceptionOptions>().CurrentValue,
            IdentityQuotaOptions.Section => Monitor<IdentityQuotaOptions>().CurrentValue,
            TenantQuotaOptions.Section => Monitor<TenantQuotaOptions>().CurrentValue,
            TelemetryOptions.Section => Monitor<TelemetryOptions>().CurrentValue,
            var section => throw new InvalidOperationException($"{section} is not known here."),
        };
        return options.GetType().GetProperty(setting.Name[(split + 1)..])!.GetValue(options);
    }

    public static async Task<RunningSettings> StartAsync(WallClock clock, ServerLog log, params string[] arguments)
    {
        var settings = ServerSettings.Read(arguments, new Hashtable());
        Assert.Empty(settings.Problems);
        var source = new SettingsSource(settings);
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Add(source).Build());
        services.AddServerOptions();
        AddOthers(services);
        services.AddLogging(logging => logging.AddProvider(log));
        var provider = services.BuildServiceProvider();
        var inputs = new FollowedInputs(clock, settings.Secrets);
        var follower = new SettingsFollower(source, inputs, provider.GetRequiredService<ILogger<SettingsFollower>>());
        await follower.StartAsync(CancellationToken.None);
        return new RunningSettings(provider, follower, inputs);
    }

    private static void AddOthers(ServiceCollection services)
    {
        services.AddOptions<AuditOptions>().BindConfiguration(AuditOptions.Section);
        services.AddOptions<JwtOptions>().BindConfiguration(JwtOptions.Section);
        services.AddOptions<ProxyOptions>().BindConfiguration(ProxyOptions.Section);
        services.AddOptions<QuotaExceptionOptions>().BindConfiguration(QuotaExceptionOptions.Section);
        services.AddOptions<IdentityQuotaOptions>().BindConfiguration(IdentityQuotaOptions.Section);
        services.AddOptions<TenantQuotaOptions>().BindConfiguration(TenantQuotaOptions.Section);
    }

    public ValueTask DisposeAsync()
    {
        _follower.Dispose();
        return _services.DisposeAsync();
    }
}
