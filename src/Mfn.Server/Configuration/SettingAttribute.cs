namespace Mfn.Server.Configuration;

/// <summary>What a setting means: docs/configuration.md, configs/mfn.schema.json and <c>mfn config</c> have it from here.</summary>
/// <param name="meaning">In Markdown, without a full stop. <c>{whose}</c> stands for the constant Whose of the options that have the property.</param>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string meaning) : Attribute
{
    public string Meaning { get; } = meaning;

    /// <summary>What holds if nobody sets it, in words, where the property's own value does not say it.</summary>
    public string? Default { get; init; }

    /// <summary>What it takes, in words, where the type and the range do not say it.</summary>
    public string? Values { get; init; }

    /// <summary>Whether a running server follows a change; it takes the others when it starts.</summary>
    public bool IsLive { get; init; }

    /// <summary>Whether its value is shown nowhere, whoever gives it.</summary>
    public bool IsSecret { get; init; }
}
