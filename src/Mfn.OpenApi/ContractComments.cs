using Google.Protobuf.Reflection;

namespace Mfn.OpenApi;

/// <summary>What the contracts say of their services, methods, messages and fields, in words: their comments.</summary>
internal sealed class ContractComments
{
    private const string Resource = "contracts.binpb";

    // Numbers of fields in descriptor.proto, which paths of comments are made of.
    private const int FileMessages = FileDescriptorProto.MessageTypeFieldNumber;
    private const int FileEnums = FileDescriptorProto.EnumTypeFieldNumber;
    private const int FileServices = FileDescriptorProto.ServiceFieldNumber;

    private readonly Dictionary<string, string> _comments = [];

    private ContractComments()
    {
    }

    /// <summary>Reads those that the contracts had when this was built.</summary>
    public static ContractComments Read()
    {
        using var stream = typeof(ContractComments).Assembly.GetManifestResourceStream(Resource)!;
        var comments = new ContractComments();
        foreach (var file in FileDescriptorSet.Parser.ParseFrom(stream).File)
        {
            comments.Read(file);
        }

        return comments;
    }

    /// <summary>The comment of what has a full name, on one line; empty if it has none.</summary>
    public string Of(string fullName) => _comments.GetValueOrDefault(fullName, "");

    private void Read(FileDescriptorProto file)
    {
        foreach (var location in file.SourceCodeInfo.Location.Where(location => location.LeadingComments.Length > 0))
        {
            if (NameOf(file, [.. location.Path]) is { } name)
            {
                _comments[name] = string.Join(' ', location.LeadingComments.Split('\n').Select(line => line.Trim())).Replace("  ", " ", StringComparison.Ordinal).Trim();
            }
        }
    }

    private static string? NameOf(FileDescriptorProto file, int[] path)
    {
        return path switch
        {
            [FileServices, var service] => $"{file.Package}.{file.Service[service].Name}",
            [FileServices, var service, ServiceDescriptorProto.MethodFieldNumber, var method] => $"{file.Package}.{file.Service[service].Name}.{file.Service[service].Method[method].Name}",
            [FileEnums, var type] => $"{file.Package}.{file.EnumType[type].Name}",
            [FileEnums, var type, EnumDescriptorProto.ValueFieldNumber, var value] => $"{file.Package}.{file.EnumType[type].Name}.{file.EnumType[type].Value[value].Name}",
            [FileMessages, var message, .. var rest] => NameOf(file.MessageType[message], $"{file.Package}.{file.MessageType[message].Name}", rest),
            _ => null,
        };
    }

    private static string? NameOf(DescriptorProto message, string name, int[] path) => path switch
    {
        [] => name,
        [DescriptorProto.FieldFieldNumber, var field] => $"{name}.{message.Field[field].Name}",
        [DescriptorProto.OneofDeclFieldNumber, var oneof] => $"{name}.{message.OneofDecl[oneof].Name}",
        [DescriptorProto.NestedTypeFieldNumber, var nested, .. var rest] => NameOf(message.NestedType[nested], $"{name}.{message.NestedType[nested].Name}", rest),
        _ => null,
    };
}
