using Microsoft.Extensions.Options;

namespace Mfn.Server.Configuration;

internal static class OptionsExtensions
{
    /// <summary>Binds a section to options that are validated before the server starts; a setting that does not exist is an error too.</summary>
    public static void AddValidatedOptions<TOptions, TValidator>(this IServiceCollection services, string section)
        where TOptions : class
        where TValidator : class, IValidateOptions<TOptions>
    {
        services.AddSingleton<IValidateOptions<TOptions>, TValidator>();
        services.AddOptions<TOptions>()
            .BindConfiguration(section, binder => binder.ErrorOnUnknownConfiguration = true)
            .ValidateOnStart();
    }
}
