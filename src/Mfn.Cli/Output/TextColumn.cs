namespace Mfn.Cli.Output;

/// <summary>A column of a table.</summary>
/// <param name="Title">Its header.</param>
/// <param name="Text">The cell of an item.</param>
/// <param name="IsNumber">Whether the cells stand at the right.</param>
/// <param name="IsWide">Whether only a wide table has it.</param>
internal sealed record TextColumn<T>(string Title, Func<T, string> Text, bool IsNumber = false, bool IsWide = false);
