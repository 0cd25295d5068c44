namespace Mfn.Server.Web.Reference;

/// <summary>What a value of JSON is.</summary>
internal enum PythonJsonKind
{
    /// <summary>An object.</summary>
    Object,

    /// <summary>A list.</summary>
    List,

    /// <summary>A text.</summary>
    Text,

    /// <summary>A number, NaN and the infinities included.</summary>
    Number,

    /// <summary>True.</summary>
    True,

    /// <summary>False.</summary>
    False,

    /// <summary>Null.</summary>
    Null,
}
