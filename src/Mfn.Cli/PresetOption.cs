using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using Mfn.Cli.Flags;
using Mfn.Core.Gallery;

namespace Mfn.Cli;

/// <summary><c>--preset NAME</c>: a preset of the reference, or one of the gallery of patterns.</summary>
internal static class PresetOption
{
    private const string Name = "--preset";

    private static readonly string[] Known = [.. Presets.Names, .. PresetGallery.All.Select(preset => preset.Name)];

    /// <summary>The option; its value is the name of a preset that there is.</summary>
    public static Option<string?> Create()
    {
        var option = new Option<string?>(Name)
        {
            Description = $"Start from a preset, which the other options change: {Words.Or(Presets.Names)}, of the reference, or one that mfn {GalleryCommand.Name} --list has.",
            HelpName = "NAME",
            CustomParser = Read,
        };
        option.CompletionSources.Add(_ => Presets.Names.Select(name => new CompletionItem(name)).Concat(PresetGallery.All.Select(preset => new CompletionItem(preset.Name, detail: preset.Title))));
        return option;
    }

    private static string? Read(ArgumentResult result)
    {
        var name = result.Tokens[0].Value;
        if (Known.Contains(name))
        {
            return name;
        }

        var nearest = Suggestion.For(name, Known, word => $"; did you mean {word}?");
        result.AddError($"{Name} must be {Words.Or([.. Presets.Names, $"one that mfn {GalleryCommand.Name} --list has"])}, but was '{name}'{(nearest.Length > 0 ? nearest : ".")}");
        return null;
    }
}
