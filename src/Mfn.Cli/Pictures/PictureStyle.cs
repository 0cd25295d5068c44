namespace Mfn.Cli.Pictures;

/// <summary>How fields are drawn into pictures.</summary>
/// <param name="Scale">Pixels along a side of a cell.</param>
/// <param name="HasColorBar">Whether a bar beside the field says which colour is which value.</param>
/// <param name="Range">Which values get the first and the last colour.</param>
internal sealed record PictureStyle(int Scale, bool HasColorBar, RangeRule Range);
