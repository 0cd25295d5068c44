using Google.Protobuf.Reflection;

namespace Mfn.Server.Web;

/// <summary>How a method of the contracts is called over HTTP, as its <c>google.api.http</c> option says.</summary>
/// <param name="Verb">Of HTTP, such as <c>GET</c>.</param>
/// <param name="Path">The form of its paths.</param>
/// <param name="HasBody">Whether the body brings the fields that the path does not; if not, the query does.</param>
/// <param name="Method">The method.</param>
internal sealed record HttpRule(string Verb, PathTemplate Path, bool HasBody, MethodDescriptor Method)
{
    /// <summary>The path of a gRPC call of the method.</summary>
    public string GrpcPath { get; } = $"/{Method.Service.FullName}/{Method.Name}";

    /// <summary>The bytes of each answer, if they are all that it has: parts of something.</summary>
    public FieldDescriptor? Chunk { get; } = Method.OutputType.Fields.InDeclarationOrder() is [{ FieldType: FieldType.Bytes, IsRepeated: false } only] ? only : null;

    /// <summary>What each answer has to go on after it; null if there is nothing.</summary>
    public FieldDescriptor? Token { get; } = Method.OutputType.FindFieldByName("token");

    /// <summary>Whether it takes one message and brings one.</summary>
    public bool IsUnary => !Method.IsClientStreaming && !Method.IsServerStreaming;
}
