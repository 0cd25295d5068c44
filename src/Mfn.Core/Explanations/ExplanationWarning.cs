namespace Mfn.Core.Explanations;

/// <summary>Something that will not go as somebody may expect.</summary>
/// <param name="Kind">What it is, for programs.</param>
/// <param name="Text">What it is, in a sentence or two.</param>
public readonly record struct ExplanationWarning(WarningKind Kind, string Text);
